/// A floating-point number with a significand of 64 bits and an exponent of 15: x87's `long double`,
/// which Redis counts with, computed in integers so that every platform gets the same bits.
///
/// Parsing and addition round to nearest, ties to even; ``text`` has seventeen decimals at most.
struct ExtendedFloat: Equatable {
    private enum Magnitude: Equatable {
        /// `significand * 2^exponent`, of a significand that is 0 or at least 2^63, but for numbers
        /// below the smallest normal one.
        case finite(significand: UInt64, exponent: Int)
        case infinite
    }

    /// The exponent of the smallest numbers, for a significand taken as an integer.
    private static let leastExponent = -16445
    /// The exponent of the largest numbers.
    private static let greatestExponent = 16320
    /// The longest text that Redis reads as a number (`MAX_LONG_DOUBLE_CHARS`).
    private static let textByteLimit = 5 * 1024
    private static let decimalCount = 17

    private let isNegative: Bool
    private let magnitude: Magnitude

    private init(isNegative: Bool, magnitude: Magnitude) {
        self.isNegative = isNegative
        self.magnitude = magnitude
    }

    static let zero = ExtendedFloat(
        isNegative: false, magnitude: .finite(significand: 0, exponent: leastExponent))

    static let greatest = ExtendedFloat(
        isNegative: false, magnitude: .finite(significand: .max, exponent: greatestExponent))
    static let least = -greatest

    var isFinite: Bool { magnitude != .infinite }

    /// The number nearest to `numerator / denominator * 2^exponent`; `nil` when it is too large, or
    /// rounds to 0 though it isn't.
    private init?(
        isNegative: Bool, numerator: Natural, denominator: Natural, exponent: Int
    ) {
        if numerator.isZero {
            self.init(
                isNegative: isNegative,
                magnitude: .finite(significand: 0, exponent: Self.leastExponent))
            return
        }
        // Scaled so that the quotient has 64 or 65 bits.
        var scale = numerator.bitWidth - denominator.bitWidth - 64
        scale = max(scale, Self.leastExponent - exponent)
        var (quotient, remainder) = Natural.divide(
            scale < 0 ? numerator.shiftedLeft(-scale) : numerator,
            by: scale > 0 ? denominator.shiftedLeft(scale) : denominator)
        var power = exponent + scale
        var isInexact = !remainder.isZero
        if quotient.bitWidth > 64 {
            isInexact = isInexact || quotient.bit(0)
            let half = quotient.bit(0)
            quotient = quotient.shiftedRight(1)
            power += 1
            self.init(
                isNegative: isNegative, rounding: quotient.lowWord, exponent: power,
                isAboveHalf: half && !remainder.isZero, isHalf: half && remainder.isZero)
            return
        }
        // The rest is compared with half of the divisor.
        let divisor = scale > 0 ? denominator.shiftedLeft(scale) : denominator
        remainder = remainder.shiftedLeft(1)
        self.init(
            isNegative: isNegative, rounding: quotient.lowWord, exponent: power,
            isAboveHalf: divisor < remainder, isHalf: divisor == remainder)
    }

    private init?(
        isNegative: Bool, rounding significand: UInt64, exponent: Int, isAboveHalf: Bool,
        isHalf: Bool
    ) {
        var significand = significand
        var exponent = exponent
        if isAboveHalf || isHalf && significand & 1 == 1 {
            let (raised, overflow) = significand.addingReportingOverflow(1)
            significand = overflow ? 1 << 63 : raised
            if overflow { exponent += 1 }
        }
        guard exponent <= Self.greatestExponent, significand > 0 else { return nil }
        self.init(
            isNegative: isNegative,
            magnitude: .finite(significand: significand, exponent: exponent))
    }
}

extension ExtendedFloat {
    // MARK: Parsing

    /// The number that an argument or a value spells.
    static func argument(_ text: Span<UInt8>) throws(CommandError) -> ExtendedFloat {
        guard let number = ExtendedFloat(parsing: text) else { throw .notFloat }
        return number
    }

    /// Reads what C's `strtold` reads, if it is all of `text`: decimal or hexadecimal, with an
    /// exponent, or an infinity. `nil` for anything else, spaces, too large and too small included.
    init?(parsing text: Span<UInt8>) {
        guard 1..<Self.textByteLimit ~= text.count else { return nil }
        var start = 0
        let isNegative = text[0] == UInt8(ascii: "-")
        if isNegative || text[0] == UInt8(ascii: "+") { start = 1 }
        let rest = text.extracting(start..<text.count)
        if rest.equalsIgnoringCase("inf") || rest.equalsIgnoringCase("infinity") {
            self.init(isNegative: isNegative, magnitude: .infinite)
            return
        }
        let isHexadecimal =
            rest.count > 2 && rest[0] == UInt8(ascii: "0") && lowercased(rest[1]) == 0x78
        guard
            let (digits, exponent) = Self.number(
                isHexadecimal ? rest.extracting(2..<rest.count) : rest,
                radix: isHexadecimal ? 16 : 10)
        else { return nil }
        if digits.isZero {
            self.init(
                isNegative: isNegative,
                magnitude: .finite(significand: 0, exponent: Self.leastExponent))
            return
        }
        if isHexadecimal {
            guard abs(exponent) < 100_000 else { return nil }
            self.init(
                isNegative: isNegative, numerator: digits, denominator: Natural(1),
                exponent: exponent)
            return
        }
        // Beyond these no number of at most 5 KiB can be in range.
        guard abs(exponent) < 20_000 else { return nil }
        let power = Natural.power(10, abs(exponent))
        self.init(
            isNegative: isNegative, numerator: exponent > 0 ? digits.multiplied(by: power) : digits,
            denominator: exponent < 0 ? power : Natural(1), exponent: 0)
    }

    /// Digits with an optional point and exponent, as an integer and the power of ten (of two in
    /// hexadecimal) that it is multiplied by.
    private static func number(_ text: Span<UInt8>, radix: UInt32) -> (Natural, Int)? {
        var digits = Natural(0)
        var digitCount = 0
        var fractionDigitCount = 0
        var hasPoint = false
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else if let digit = digit(text[index]), digit < radix {
                digits.multiplyAdd(radix, digit)
                digitCount += 1
                if hasPoint { fractionDigitCount += 1 }
            } else {
                break
            }
            index += 1
        }
        guard digitCount > 0 else { return nil }
        var exponent = 0
        if index < text.count {
            let marker = UInt8(ascii: radix == 16 ? "p" : "e")
            guard lowercased(text[index]) == marker,
                let parsed = Self.exponent(text.extracting(index + 1..<text.count))
            else { return nil }
            exponent = parsed
        }
        return (digits, exponent - fractionDigitCount * (radix == 16 ? 4 : 1))
    }

    private static func exponent(_ text: Span<UInt8>) -> Int? {
        guard text.count > 0 else { return nil }
        let hasSign = text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+")
        guard text.count > (hasSign ? 1 : 0) else { return nil }
        var exponent = 0
        for index in (hasSign ? 1 : 0)..<text.count {
            guard let digit = digit(text[index]), digit < 10 else { return nil }
            exponent = min(exponent * 10 + Int(digit), 1_000_000)
        }
        return text[0] == UInt8(ascii: "-") ? -exponent : exponent
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch lowercased(byte) {
        case let byte where UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte: UInt32(byte - 0x30)
        case let byte where UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte: UInt32(byte - 0x57)
        default: nil
        }
    }

    // MARK: Arithmetic

    /// The rounded sum; the sum of two opposite infinities is infinite here, and refused like NaN.
    static func + (left: ExtendedFloat, right: ExtendedFloat) -> ExtendedFloat {
        guard case .finite(let leftSignificand, let leftExponent) = left.magnitude else {
            return left
        }
        guard case .finite(let rightSignificand, let rightExponent) = right.magnitude else {
            return right
        }
        let exponent = min(leftExponent, rightExponent)
        let first = Natural(leftSignificand).shiftedLeft(leftExponent - exponent)
        let second = Natural(rightSignificand).shiftedLeft(rightExponent - exponent)
        let isNegative: Bool
        let sum: Natural
        if left.isNegative == right.isNegative {
            isNegative = left.isNegative
            sum = first.adding(second)
        } else if second < first {
            isNegative = left.isNegative
            sum = first.subtracting(second)
        } else {
            isNegative = right.isNegative
            sum = second.subtracting(first)
        }
        if sum.isZero { return .zero }
        return ExtendedFloat(
            isNegative: isNegative, numerator: sum, denominator: Natural(1), exponent: exponent)
            ?? ExtendedFloat(isNegative: isNegative, magnitude: .infinite)
    }

    static prefix func - (number: ExtendedFloat) -> ExtendedFloat {
        ExtendedFloat(isNegative: !number.isNegative, magnitude: number.magnitude)
    }

    static func < (left: ExtendedFloat, right: ExtendedFloat) -> Bool {
        if !left.isFinite || !right.isFinite {
            return left != right
                && (left.isFinite ? !right.isNegative : left.isNegative)
        }
        return (left + -right).isNegative
    }

    // MARK: Text

    /// As C's `%.17Lf` without the zeros at its end, and without the sign of zero; of a finite
    /// number.
    var text: [UInt8] {
        guard case .finite(let significand, let exponent) = magnitude else {
            return Array(isNegative ? "-inf".utf8 : "inf".utf8)
        }
        // The number times 10^17, rounded to an integer, is all its digits.
        let scaled = Natural(significand).multiplied(by: Natural.power(10, Self.decimalCount))
        var digits =
            (exponent < 0 ? scaled.roundedShiftRight(-exponent) : scaled.shiftedLeft(exponent))
            .decimalDigits
        let missing = Self.decimalCount + 1 - digits.count
        if missing > 0 { digits.insert(contentsOf: Array(repeating: 0x30, count: missing), at: 0) }
        let pointIndex = digits.count - Self.decimalCount
        var end = digits.count
        while end > pointIndex, digits[end - 1] == 0x30 { end -= 1 }
        var text = Array(digits[..<pointIndex])
        if end > pointIndex {
            text.append(UInt8(ascii: "."))
            text.append(contentsOf: digits[pointIndex..<end])
        }
        if isNegative, text != [0x30] { text.insert(UInt8(ascii: "-"), at: 0) }
        return text
    }
}
