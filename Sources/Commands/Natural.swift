/// A natural number of any size, for exact conversions between decimal and binary.
struct Natural: Comparable {
    /// The lowest first; the highest is not 0.
    private var limbs: [UInt32]

    init(_ value: UInt64) {
        limbs = [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
        trim()
    }

    private init(limbs: [UInt32]) {
        self.limbs = limbs
        trim()
    }

    private mutating func trim() {
        while limbs.last == 0 { limbs.removeLast() }
    }

    var isZero: Bool { limbs.isEmpty }

    var bitWidth: Int {
        limbs.last.map { limbs.count * 32 - $0.leadingZeroBitCount } ?? 0
    }

    func bit(_ index: Int) -> Bool {
        index / 32 < limbs.count && limbs[index / 32] >> UInt32(index % 32) & 1 == 1
    }

    /// The lowest 64 bits.
    var lowWord: UInt64 {
        UInt64(limbs.first ?? 0) | UInt64(limbs.count > 1 ? limbs[1] : 0) << 32
    }

    static func < (left: Natural, right: Natural) -> Bool {
        if left.limbs.count != right.limbs.count { return left.limbs.count < right.limbs.count }
        for index in left.limbs.indices.reversed() where left.limbs[index] != right.limbs[index] {
            return left.limbs[index] < right.limbs[index]
        }
        return false
    }

    /// `self * factor + term`, in place.
    mutating func multiplyAdd(_ factor: UInt32, _ term: UInt32) {
        var carry = UInt64(term)
        for index in limbs.indices {
            let product = UInt64(limbs[index]) * UInt64(factor) + carry
            limbs[index] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        if carry > 0 { limbs.append(UInt32(carry)) }
    }

    func multiplied(by other: Natural) -> Natural {
        var product = [UInt32](repeating: 0, count: limbs.count + other.limbs.count)
        for (shift, factor) in limbs.enumerated() {
            var carry: UInt64 = 0
            for (index, limb) in other.limbs.enumerated() {
                let sum =
                    UInt64(factor) * UInt64(limb) + UInt64(product[shift + index]) + carry
                product[shift + index] = UInt32(truncatingIfNeeded: sum)
                carry = sum >> 32
            }
            product[shift + other.limbs.count] = UInt32(carry)
        }
        return Natural(limbs: product)
    }

    static func power(_ base: UInt32, _ exponent: Int) -> Natural {
        var result = Natural(1)
        var square = Natural(UInt64(base))
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = result.multiplied(by: square) }
            rest >>= 1
            if rest > 0 { square = square.multiplied(by: square) }
        }
        return result
    }

    func adding(_ other: Natural) -> Natural {
        var sum: [UInt32] = []
        var carry: UInt64 = 0
        for index in 0..<max(limbs.count, other.limbs.count) {
            carry += UInt64(index < limbs.count ? limbs[index] : 0)
            carry += UInt64(index < other.limbs.count ? other.limbs[index] : 0)
            sum.append(UInt32(truncatingIfNeeded: carry))
            carry >>= 32
        }
        sum.append(UInt32(carry))
        return Natural(limbs: sum)
    }

    /// `self - other`, which must not be the larger one.
    func subtracting(_ other: Natural) -> Natural {
        precondition(!(self < other), "a natural number below 0")
        var difference = limbs
        var borrow: Int64 = 0
        for index in difference.indices {
            let low = Int64(index < other.limbs.count ? other.limbs[index] : 0)
            let value = Int64(difference[index]) - low - borrow
            borrow = value < 0 ? 1 : 0
            difference[index] = UInt32(truncatingIfNeeded: value)
        }
        return Natural(limbs: difference)
    }

    func shiftedLeft(_ count: Int) -> Natural {
        if isZero || count == 0 { return self }
        let (whole, part) = (count / 32, UInt32(count % 32))
        var shifted = [UInt32](repeating: 0, count: whole)
        var carry: UInt32 = 0
        for limb in limbs {
            shifted.append(limb << part | carry)
            carry = part == 0 ? 0 : limb >> (32 - part)
        }
        shifted.append(carry)
        return Natural(limbs: shifted)
    }

    func shiftedRight(_ count: Int) -> Natural {
        let (whole, part) = (count / 32, UInt32(count % 32))
        guard whole < limbs.count else { return Natural(0) }
        var shifted: [UInt32] = []
        for index in whole..<limbs.count {
            let above = index + 1 < limbs.count ? limbs[index + 1] : 0
            shifted.append(limbs[index] >> part | (part == 0 ? 0 : above << (32 - part)))
        }
        return Natural(limbs: shifted)
    }

    /// `self / 2^count`, rounded to nearest, ties to even; `count` is at least 1.
    func roundedShiftRight(_ count: Int) -> Natural {
        let quotient = shiftedRight(count)
        let rest = subtracting(quotient.shiftedLeft(count))
        let half = Natural(1).shiftedLeft(count - 1)
        let isRoundedUp = half < rest || half == rest && quotient.bit(0)
        return isRoundedUp ? quotient.adding(Natural(1)) : quotient
    }

    /// Quotient and remainder, for a quotient of at most 66 bits: one step for each of its bits.
    static func divide(
        _ numerator: Natural, by denominator: Natural
    ) -> (quotient: Natural, remainder: Natural) {
        precondition(!denominator.isZero, "a division by 0")
        var quotient = Natural(0)
        var remainder = numerator
        for shift in (0...max(numerator.bitWidth - denominator.bitWidth, 0)).reversed() {
            let part = denominator.shiftedLeft(shift)
            quotient = quotient.shiftedLeft(1)
            if !(remainder < part) {
                remainder = remainder.subtracting(part)
                quotient = quotient.adding(Natural(1))
            }
        }
        return (quotient, remainder)
    }

    /// In ASCII, without leading zeros; `0` for 0.
    var decimalDigits: [UInt8] {
        var digits: [UInt8] = []
        var rest = limbs
        while !rest.isEmpty {
            var remainder: UInt64 = 0
            for index in rest.indices.reversed() {
                let value = remainder << 32 | UInt64(rest[index])
                rest[index] = UInt32(value / 1_000_000_000)
                remainder = value % 1_000_000_000
            }
            while rest.last == 0 { rest.removeLast() }
            for _ in 0..<9 {
                digits.append(0x30 + UInt8(remainder % 10))
                remainder /= 10
            }
        }
        while digits.last == 0x30 { digits.removeLast() }
        return digits.isEmpty ? [0x30] : digits.reversed()
    }
}
