import RESP

/// `byte` in lower case if it is an ASCII letter.
func lowercased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
}

extension Span<UInt8> {
    /// Whether these bytes are `word` but for the case of ASCII letters.
    func equalsIgnoringCase(_ word: String) -> Bool {
        let other = word.utf8
        guard other.count == count else { return false }
        var index = 0
        for byte in other {
            guard lowercased(self[index]) == lowercased(byte) else { return false }
            index += 1
        }
        return true
    }

    func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }

    /// The integer that these bytes are the decimal form of; `nil` for anything else, leading zeros,
    /// spaces and `+` included (Redis: `string2ll`).
    func decimalInteger() -> Int64? {
        guard 1...20 ~= count else { return nil }
        let isNegative = self[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        guard start < count else { return nil }
        if count == 1, self[0] == UInt8(ascii: "0") { return 0 }
        guard UInt8(ascii: "1")...UInt8(ascii: "9") ~= self[start] else { return nil }
        var magnitude: UInt64 = 0
        for index in start..<count {
            let digit = self[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            magnitude = sum
        }
        if isNegative {
            guard magnitude <= Int64.min.magnitude else { return nil }
            return Int64(truncatingIfNeeded: 0 &- magnitude)
        }
        return Int64(exactly: magnitude)
    }

    /// As ``decimalInteger()``, for an argument.
    func integerArgument() throws(CommandError) -> Int64 {
        guard let value = decimalInteger() else { throw .notInteger }
        return value
    }
}

/// A number in decimal, without an allocation.
struct DecimalText {
    private var digits = InlineArray<20, UInt8>(repeating: 0)
    private var first = 20

    init(_ value: Int64) {
        var rest = value.magnitude
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(digit)
            rest = quotient
        } while rest > 0
        if value < 0 {
            first -= 1
            digits[first] = UInt8(ascii: "-")
        }
    }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { digits.span.extracting(first..<20) }
    }
}
