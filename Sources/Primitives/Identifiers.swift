/// One `martlet` process with one data directory; drawn at random when the directory is made, never 0.
package struct NodeID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension NodeID: CustomStringConvertible {
    /// Sixteen hexadecimal digits.
    package var description: String { hexadecimal(rawValue, digitCount: 16) }

    /// - Parameter text: As ``description``; `nil` for anything else.
    package init?(hexadecimal text: String) {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else { return nil }
        self.init(value)
    }

    /// The id as Redis Cluster writes one: forty hexadecimal digits.
    ///
    /// The first sixteen are ``description``; the rest are filled from the same value, so that two
    /// nodes with different ids never share a name.
    package var clusterName: String {
        description + hexadecimal(rawValue &* 0x9E37_79B9_7F4A_7C15, digitCount: 16)
            + hexadecimal(rawValue >> 32 ^ rawValue & 0xFFFF_FFFF, digitCount: 8)
    }
}

/// One copy of a group on a node. Never reused within its group, so that a replica which lost its
/// disk can't be taken for the one that voted.
package struct ReplicaID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "\(rawValue)" }
}

/// A Raft group: 0 is the directory, every other one replicates the shard of the same number.
package struct GroupID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32
    package init(_ rawValue: UInt32) { self.rawValue = rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "\(rawValue)" }

    package static let directory = GroupID(0)
}

/// A Raft term (Raft paper §5.1); 0 before the first election.
package struct Term: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "\(rawValue)" }

    package static let zero = Term(0)
    package var next: Term { Term(rawValue + 1) }
}

/// A place in a group's log. The first entry is 1; 0 is the place before it.
package struct LogIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "\(rawValue)" }

    package static let zero = LogIndex(0)
    package var next: LogIndex { LogIndex(rawValue + 1) }
    /// The place before this one; the place before 0 is 0.
    package var previous: LogIndex { LogIndex(rawValue == 0 ? 0 : rawValue - 1) }
    package static func + (left: Self, right: Int) -> LogIndex {
        LogIndex(UInt64(Int64(left.rawValue) + Int64(right)))
    }
    package static func - (left: Self, right: Self) -> Int {
        Int(Int64(bitPattern: left.rawValue &- right.rawValue))
    }
}

/// A hash slot, 0…16383 (Redis Cluster specification, "Key distribution model").
package struct SlotID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let count = 16384

    package let rawValue: UInt16
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "\(rawValue)" }
}

/// `value` in hexadecimal, the low `digitCount` digits of it, with leading zeros.
package func hexadecimal(_ value: UInt64, digitCount: Int) -> String {
    let digits = String(value, radix: 16)
    guard digits.count < digitCount else { return String(digits.suffix(digitCount)) }
    return String(repeating: "0", count: digitCount - digits.count) + digits
}
