import Primitives

/// Says which entry a loop is applying, in memory that a handler of fatal signals can read: four words,
/// 1 while an entry is being applied, its group, the replica, and its index.
@safe package final class ApplyMark: @unchecked Sendable {
    // Written by the loop's thread, and read by a signal handler on the same thread alone.
    private let words: UnsafeMutablePointer<UInt64>

    package init() {
        unsafe words = .allocate(capacity: 4)
        unsafe words.initialize(repeating: 0, count: 4)
    }

    deinit { unsafe words.deallocate() }

    /// Good as long as the mark lives.
    package var address: UnsafeRawPointer { unsafe UnsafeRawPointer(words) }

    func begin(_ group: GroupID, _ replica: ReplicaID, _ index: LogIndex) {
        unsafe words[1] = UInt64(group.rawValue)
        unsafe words[2] = replica.rawValue
        unsafe words[3] = index.rawValue
        unsafe words[0] = 1
    }

    func end() { unsafe words[0] = 0 }
}
