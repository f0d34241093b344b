package import Primitives

/// What the shard clock shows at each index: part of the state, and as much the same everywhere.
package struct StampHistory: Sendable {
    private var groups = SortedMap<GroupID, SortedMap<LogIndex, Int64>>()
    package private(set) var agreementCount = 0

    package init() {}

    /// A replica has applied the log through `index`, and its clock shows `stamp`.
    ///
    /// - Parameters:
    ///   - group: Of which group.
    ///   - index: What is applied.
    ///   - stamp: Milliseconds, as the shard clock counts them.
    ///   - node: Where the replica lives.
    /// - Returns: What is wrong, or `nil`.
    package mutating func shows(
        group: GroupID, index: LogIndex, stamp: Int64, node: Int
    ) -> String? {
        if groups.index(of: group) == nil { groups[group] = SortedMap() }
        guard let position = groups.index(of: group) else { return nil }
        let (place, isFound) = groups.values[position].position(of: index)
        if isFound {
            let known = groups.values[position].values[place]
            guard known == stamp else {
                return "group \(group): the shard clock of node \(node + 1) shows \(stamp) after "
                    + "index \(index), and elsewhere \(known)"
            }
            agreementCount += 1
            return nil
        }
        for (near, isBefore) in [(place - 1, true), (place, false)]
        where groups.values[position].keys.indices.contains(near) {
            let known = groups.values[position].values[near]
            guard isBefore ? known > stamp : known < stamp else { continue }
            return "group \(group): the shard clock of node \(node + 1) shows \(stamp) after index "
                + "\(index), and \(known) after \(groups.values[position].keys[near])"
        }
        groups[valueAt: position][index] = stamp
        return nil
    }

    /// Forgets everything, as a loss that the durability mode allows may rewrite it.
    package mutating func allowRewrite() { groups.removeAll() }
}
