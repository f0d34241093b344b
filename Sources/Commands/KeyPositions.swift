import Primitives
package import RESP

/// Which arguments are keys. Small, since dispatch copies it.
package struct KeyPositions: Sendable {
    private let places: (first: Int16, last: Int16, step: Int16, countIndex: Int16)

    /// The first key's index; 0 when there are no keys.
    package var first: Int { Int(places.first) }
    /// The last key's index; counted from the end when negative.
    package var last: Int { Int(places.last) }
    package var step: Int { Int(places.step) }
    /// The index of the argument that says how many keys there are; 0 when ``last`` does.
    package var countIndex: Int { Int(places.countIndex) }

    static let none = KeyPositions(first: 0, last: 0, step: 0)

    init(first: Int, last: Int, step: Int) {
        places = (Int16(first), Int16(last), Int16(step), 0)
    }

    init(countedAt countIndex: Int, first: Int, step: Int) {
        places = (Int16(first), 0, Int16(step), Int16(countIndex))
    }

    /// Whether the first argument is the only key.
    package var isFirstArgument: Bool { first == 1 && last == 1 && countIndex == 0 }

    // MARK: Hot path

    /// The slot of the keys. When their count is wrong, that of what would be the first: the command
    /// answers the error.
    package func slot(of request: borrowing Request) -> SlotVerdict {
        let end = end(in: request, after: 0) ?? first + 1
        guard first > 0, first < end else { return .none }
        let slot = SlotID(key: request[first])
        var index = first + step
        while index < end {
            guard SlotID(key: request[index]) == slot else { return .crossSlot }
            index += step
        }
        return .one(slot)
    }

    /// Which arguments of `request` are keys.
    ///
    /// - Parameters:
    ///   - request: A request, or one behind other words.
    ///   - start: How many words come before the command.
    /// - Returns: `nil` when there are none, though the command has keys.
    package func indices(in request: borrowing Request, after start: Int = 0) -> [Int]? {
        guard first > 0 else { return [] }
        guard let end = end(in: request, after: start), start + first < end else { return nil }
        return Array(stride(from: start + first, to: end, by: step))
    }

    /// One past the last key's index; `nil` when the count of keys is wrong.
    private func end(in request: borrowing Request, after start: Int) -> Int? {
        guard countIndex > 0 else {
            let count = request.count - start
            return start + min(last < 0 ? count + last + 1 : last + 1, count)
        }
        let countIndex = start + countIndex
        guard countIndex < request.count, let keyCount = request[countIndex].decimalInteger(),
            1...Int64(Int32.max) ~= keyCount
        else { return nil }
        let last = start + first + (Int(keyCount) - 1) * step
        return last < request.count ? last + 1 : nil
    }
}
