/// One cluster, from its founding on; never 0.
package struct ClusterID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    /// Sixteen hexadecimal digits.
    package var description: String { hexadecimal(rawValue, digitCount: 16) }
}
