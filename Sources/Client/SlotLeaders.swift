package import Primitives

/// Which node leads each slot, as `CLUSTER SLOTS` answers it.
package struct SlotLeaders: Equatable, Sendable {
    /// Every node that leads or led a slot.
    package private(set) var addresses: [Address] = []
    /// For each slot an index into ``addresses``; -1 where no node is named.
    private var leaders = [Int16](repeating: -1, count: SlotID.count)

    /// One node that serves everything: a server that isn't in cluster mode.
    package init(only address: Address) {
        addresses = [address]
        leaders = [Int16](repeating: 0, count: SlotID.count)
    }

    /// Reads a reply to `CLUSTER SLOTS`; `nil` when it isn't one.
    ///
    /// - Parameters:
    ///   - reply: Ranges of `[first, last, [host, port, …], …]`, the leader first.
    ///   - dialled: The node that answered, meant where a host is empty or null.
    package init?(_ reply: Reply, dialled: Address) {
        guard let ranges = reply.elements else { return nil }
        for range in ranges {
            guard let parts = range.elements, parts.count >= 3, let first = parts[0].number,
                let last = parts[1].number, 0 <= first, first <= last, last < SlotID.count,
                let node = parts[2].elements, node.count >= 2, let port = node[1].number,
                let port = UInt16(exactly: port)
            else { return nil }
            let host = node[0].text ?? ""
            let index = index(
                of: Address(host: host.isEmpty ? dialled.host : host, port: port))
            for slot in first...last { leaders[Int(slot)] = index }
        }
    }

    package subscript(slot: SlotID) -> Address? {
        get {
            let index = Int(leaders[Int(slot.rawValue)])
            return index < 0 ? nil : addresses[index]
        }
        set {
            leaders[Int(slot.rawValue)] = newValue.map { index(of: $0) } ?? -1
        }
    }

    /// Whether every slot has a leader.
    package var isComplete: Bool { !leaders.contains(-1) }

    /// The first slot that no node is named for.
    package var firstUnserved: SlotID? {
        leaders.firstIndex(of: -1).map { SlotID(UInt16($0)) }
    }

    private mutating func index(of address: Address) -> Int16 {
        if let index = addresses.firstIndex(of: address) { return Int16(index) }
        addresses.append(address)
        return Int16(addresses.count - 1)
    }
}
