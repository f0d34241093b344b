package import Primitives

/// An entry that a replica was applying when its process ended.
package struct CrashMark: Equatable, Sendable {
    package var group: GroupID
    package var replica: ReplicaID
    package var index: LogIndex

    package init(group: GroupID, replica: ReplicaID, index: LogIndex) {
        self.group = group
        self.replica = replica
        self.index = index
    }

    /// How many times a process may end at one entry before the entry is left alone.
    static let limit = 2

    /// The file in a node's folder that crash marks are kept in.
    package static let fileName = "crashes"
}
