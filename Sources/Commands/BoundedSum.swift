/// A number that `INCREX` counts with.
protocol Countable {
    static var zero: Self { get }
    static var least: Self { get }
    static var greatest: Self { get }

    static func < (left: Self, right: Self) -> Bool
    /// `nil` when the sum is out of range.
    func sum(with other: Self) -> Self?
    /// What must be added to `other` for this one; `nil` when that is out of range.
    func difference(from other: Self) -> Self?
}

/// What `INCREX` makes of a number: its sum with an increment, if that is within bounds.
struct BoundedSum<Number: Countable> {
    /// The number afterwards.
    let value: Number
    /// What was added.
    let applied: Number
    /// Whether anything is done: outside the bounds nothing is, unless they saturate.
    let isDone: Bool

    /// - Returns: `nil` when a bound is so far off that what is added is out of range.
    init?(
        of old: Number, and increment: Number, within bounds: (least: Number, greatest: Number),
        saturates: Bool
    ) {
        let sum = old.sum(with: increment)
        let isAbove = sum.map { bounds.greatest < $0 } ?? !(increment < .zero)
        let isBelow = sum.map { $0 < bounds.least } ?? (increment < .zero)
        if let sum, !isAbove, !isBelow {
            value = sum
        } else if saturates {
            value = isAbove ? bounds.greatest : bounds.least
        } else {
            value = old
            applied = .zero
            isDone = false
            return
        }
        guard let difference = value.difference(from: old) else { return nil }
        applied = difference
        isDone = true
    }
}

extension Int64: Countable {
    static var least: Int64 { min }
    static var greatest: Int64 { max }

    func sum(with other: Int64) -> Int64? {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? nil : sum
    }

    func difference(from other: Int64) -> Int64? {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? nil : difference
    }
}

extension ExtendedFloat: Countable {
    func sum(with other: ExtendedFloat) -> ExtendedFloat? {
        let sum = self + other
        return sum.isFinite ? sum : nil
    }

    func difference(from other: ExtendedFloat) -> ExtendedFloat? {
        let difference = self + -other
        return difference.isFinite ? difference : nil
    }
}
