import Glibc

/// The value of each key: always the same one for the same key, and another for every other key, so
/// that each reply to a read is known.
///
/// It begins with the key's number, as far as there is room, and goes on with letters from a pool,
/// from a place that depends on the key.
struct ValuePool: Sendable {
    static let digitCount = 12
    private static let startCount = 4096

    let valueByteCount: Int
    private let pool: [UInt8]

    init(valueByteCount: Int) {
        self.valueByteCount = valueByteCount
        var state: UInt32 = 0x9E37_79B9
        pool = (0..<(Self.startCount + valueByteCount)).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(ascii: "a") + UInt8(state >> 24) % 26
        }
    }

    private func start(_ key: UInt32) -> Int {
        Int(key &* 2_654_435_761 >> 20) % Self.startCount
    }

    // MARK: Hot path

    /// Writes the value of `key` at the start of `target`, which has room for it.
    func write(_ key: UInt32, to target: UnsafeMutableRawBufferPointer) {
        precondition(target.count >= valueByteCount, "room for \(target.count) bytes")
        let start = start(key)
        unsafe pool.withUnsafeBytes {
            unsafe target.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: $0[start..<start + valueByteCount]))
        }
        guard valueByteCount >= Self.digitCount else { return }
        unsafe writeDigits(of: key, to: target)
    }

    /// Whether `bytes` is the value of `key`.
    func matches(_ key: UInt32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == valueByteCount else { return false }
        let start = start(key)
        let skipped = valueByteCount >= Self.digitCount ? Self.digitCount : 0
        if skipped > 0 {
            var rest = key
            for index in (0..<Self.digitCount).reversed() {
                guard unsafe bytes[index] == UInt8(ascii: "0") + UInt8(rest % 10) else {
                    return false
                }
                rest /= 10
            }
        }
        guard let base = bytes.baseAddress, valueByteCount > skipped else { return true }
        return unsafe pool.withUnsafeBytes { pool in
            guard let poolBase = pool.baseAddress else { return false }
            return unsafe memcmp(
                poolBase + start + skipped, base + skipped, valueByteCount - skipped) == 0
        }
    }
}

/// Writes a number as twelve digits.
func writeDigits(of number: UInt32, to target: UnsafeMutableRawBufferPointer) {
    precondition(target.count >= ValuePool.digitCount, "room for \(target.count) digits")
    var rest = number
    for index in (0..<ValuePool.digitCount).reversed() {
        unsafe target[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
    }
}
