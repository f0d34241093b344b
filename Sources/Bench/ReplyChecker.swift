import Client

/// Checks each reply of a load against what it must be.
struct ReplyChecker {
    enum Verdict: Equatable {
        /// Bytes of it are missing.
        case incomplete
        /// As it must be, and so many bytes long.
        case good(Int)
        /// Anything else; ``explain(_:at:key:)`` says what.
        case other
    }

    enum Finding: Equatable {
        case incomplete
        /// The node sends the client elsewhere; the command wasn't executed.
        case moved(byteCount: Int)
        /// The node can't at present; the command wasn't executed.
        case refused(byteCount: Int)
        case wrong(String)
    }

    private let workload: Workload
    private let values: ValuePool
    /// What a reply of fixed content is, or what one with a value begins with.
    private let fixed: [UInt8]

    init(_ workload: Workload, values: ValuePool) {
        self.workload = workload
        self.values = values
        fixed =
            switch workload {
            case .ping: [UInt8]("+PONG\r\n".utf8)
            case .set: [UInt8]("+OK\r\n".utf8)
            case .get, .hget: [UInt8]("$\(values.valueByteCount)\r\n".utf8)
            case .hgetall:
                [UInt8](
                    ("*20\r\n" + Workload.nineFields(valueByteCount: values.valueByteCount)
                        + "\r\n$\(values.valueByteCount)\r\n").utf8)
            case .incr, .hset, .hset10: [UInt8](":".utf8)
            }
    }

    // MARK: Hot path

    func check(_ bytes: Span<UInt8>, at position: Int, key: UInt32) -> Verdict {
        let present = min(fixed.count, bytes.count - position)
        for index in 0..<present where bytes[position + index] != fixed[index] { return .other }
        guard present == fixed.count else { return .incomplete }
        switch workload {
        case .ping, .set: return .good(fixed.count)
        case .get, .hget, .hgetall: return checkValue(bytes, at: position, key: key)
        case .incr, .hset, .hset10: return checkNumber(bytes, at: position)
        }
    }

    private func checkValue(_ bytes: Span<UInt8>, at position: Int, key: UInt32) -> Verdict {
        let start = position + fixed.count
        let end = start + values.valueByteCount
        guard end + 2 <= bytes.count else { return .incomplete }
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else {
            return .other
        }
        let isRight = unsafe bytes.extracting(start..<end).withUnsafeBytes {
            unsafe values.matches(key, $0)
        }
        return isRight ? .good(end + 2 - position) : .other
    }

    /// A counter is at least 1; a field that was set is new or not, ten are all new or none.
    private func checkNumber(_ bytes: Span<UInt8>, at position: Int) -> Verdict {
        var index = position + 1
        var number = 0
        while index < bytes.count, bytes[index] != UInt8(ascii: "\r") {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[index], number < 1 << 48 else {
                return .other
            }
            number = number * 10 + Int(bytes[index] - UInt8(ascii: "0"))
            index += 1
        }
        guard index + 1 < bytes.count else { return .incomplete }
        let isRight =
            switch workload {
            case .incr: number >= 1
            case .hset10: number == 0 || number == 10
            default: number <= 1
            }
        return isRight ? .good(index + 2 - position) : .other
    }

    // MARK: The rare replies

    func explain(_ bytes: Span<UInt8>, at position: Int, key: UInt32) -> Finding {
        var end = position
        let reply: Reply
        do throws(ReplyDecodingError) {
            guard let whole = try ReplyDecoder.decode(bytes, at: &end) else { return .incomplete }
            reply = whole
        } catch {
            return .wrong(error.description)
        }
        if case .error(let text) = reply {
            if text.hasPrefix("MOVED ") || text.hasPrefix("ASK ") {
                return .moved(byteCount: end - position)
            }
            if ["TRYAGAIN", "CLUSTERDOWN", "LOADING"].contains(where: { text.hasPrefix($0) }) {
                return .refused(byteCount: end - position)
            }
        }
        return .wrong("\(workload.rawValue) of key number \(key) answered \(reply)")
    }
}
