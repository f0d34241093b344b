import Primitives

/// The requests that one connection sends together, and the keys that their replies are for.
struct RequestBatch {
    private let workload: Workload
    private let values: ValuePool
    private let requestByteCount: Int
    private let digitsOffset: Int
    private let valueOffset: Int
    /// ``capacity`` requests; ``count`` of them are this batch.
    private(set) var bytes: [UInt8] = []
    private(set) var keys: [UInt32]
    private(set) var count = 0

    let capacity: Int

    init(_ workload: Workload, capacity: Int, values: ValuePool) {
        self.workload = workload
        self.capacity = capacity
        self.values = values
        let (before, after) = workload.frame(valueByteCount: values.valueByteCount)
        digitsOffset = before.utf8.count
        var request = [UInt8](before.utf8)
        if workload.hasKey {
            request += [UInt8](repeating: UInt8(ascii: "0"), count: ValuePool.digitCount)
        }
        request += [UInt8](after.utf8)
        valueOffset = request.count
        if workload.sendsValue {
            request += [UInt8](repeating: UInt8(ascii: "x"), count: values.valueByteCount)
            request += [UInt8]("\r\n".utf8)
        }
        requestByteCount = request.count
        keys = [UInt32](repeating: 0, count: capacity)
        for _ in 0..<capacity { bytes += request }
    }

    var byteCount: Int { count * requestByteCount }

    // MARK: Hot path

    /// Draws as many keys as fit, at random.
    mutating func draw(from candidates: [UInt32], _ generator: inout SeededGenerator) {
        count = capacity
        for index in 0..<count {
            keys[index] = candidates[generator.below(candidates.count)]
        }
        writeKeys()
    }

    /// Takes the next keys in turn, as many as fit and are left; `cursor` moves past them.
    mutating func take(from candidates: [UInt32], cursor: inout Int) {
        count = min(capacity, candidates.count - cursor)
        for index in 0..<count { keys[index] = candidates[cursor + index] }
        cursor += count
        writeKeys()
    }

    private mutating func writeKeys() {
        guard workload.hasKey else { return }
        let (keys, values, count) = (keys, values, count)
        let (stride, digits, value) = (requestByteCount, digitsOffset, valueOffset)
        let sendsValue = workload.sendsValue
        unsafe bytes.withUnsafeMutableBytes { bytes in
            for index in 0..<count {
                let start = index * stride
                unsafe writeDigits(
                    of: keys[index],
                    to: UnsafeMutableRawBufferPointer(rebasing: bytes[(start + digits)...]))
                guard sendsValue else { continue }
                unsafe values.write(
                    keys[index],
                    to: UnsafeMutableRawBufferPointer(rebasing: bytes[(start + value)...]))
            }
        }
    }
}
