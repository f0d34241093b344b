import Primitives

/// The configurations in the log that may still matter, by the index that put them in force.
struct ConfigurationHistory: Sendable {
    /// Never empty: the first is in force from before the log's first held entry.
    private var items: [(index: LogIndex, configuration: Configuration)]

    init(_ configuration: Configuration, at index: LogIndex) { items = [(index, configuration)] }

    var latest: Configuration { items[items.count - 1].configuration }
    var count: Int { items.count }
    var latestIndex: LogIndex { items[items.count - 1].index }

    mutating func append(_ configuration: Configuration, at index: LogIndex) {
        precondition(index > latestIndex, "configuration at \(index) after \(latestIndex)")
        items.append((index, configuration))
    }

    func inForce(at index: LogIndex) -> Configuration {
        (items.last { $0.index <= index } ?? items[0]).configuration
    }

    /// Whether `replica` votes in the configuration in force at `index` or in a later one.
    func hasVote(_ replica: ReplicaID, after index: LogIndex) -> Bool {
        for item in items.reversed() {
            if item.configuration.hasVote(replica) { return true }
            if item.index <= index { return false }
        }
        return false
    }

    /// Takes back the configurations after `index`.
    ///
    /// - Returns: Whether another one is in force now.
    mutating func truncate(after index: LogIndex) -> Bool {
        let count = items.count
        while items.count > 1, latestIndex > index { items.removeLast() }
        return items.count < count
    }

    /// Takes over what a snapshot says was in force at `index`.
    mutating func replace(through index: LogIndex, by configuration: Configuration) {
        items.removeAll { $0.index <= index }
        items.insert((index, configuration), at: 0)
    }

    mutating func forget(through index: LogIndex) {
        while items.count > 1, items[1].index <= index { items.removeFirst() }
    }
}
