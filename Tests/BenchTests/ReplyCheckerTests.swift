@testable import Bench
import Testing

@Suite("Every reply of a load is checked")
struct ReplyCheckerTests {
    private static let values = ValuePool(valueByteCount: 64)

    private static func value(of key: UInt32, byteCount: Int = 64) -> String {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        unsafe bytes.withUnsafeMutableBytes {
            unsafe ValuePool(valueByteCount: byteCount).write(key, to: $0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func check(_ workload: Workload, _ reply: String, key: UInt32) -> ReplyChecker.Verdict {
        ReplyChecker(workload, values: Self.values)
            .check([UInt8](reply.utf8).span, at: 0, key: key)
    }

    static let good: [(Workload, String)] = [
        (.ping, "+PONG\r\n"), (.set, "+OK\r\n"), (.incr, ":17\r\n"), (.hset, ":0\r\n"),
        (.hset, ":1\r\n"), (.get, "$64\r\n\(value(of: 7))\r\n"),
        (.hget, "$64\r\n\(value(of: 7))\r\n"),
    ]

    @Test("the right one passes, with others behind it", arguments: good)
    func right(workload: Workload, reply: String) {
        #expect(check(workload, reply + "+OK\r\n", key: 7) == .good(reply.utf8.count))
    }

    @Test("a part of the right one is waited for", arguments: good)
    func part(workload: Workload, reply: String) {
        let checker = ReplyChecker(workload, values: Self.values)
        let bytes = [UInt8](reply.utf8)
        for count in 1..<bytes.count {
            let part = Array(bytes[..<count])
            #expect(checker.check(part.span, at: 0, key: 7) == .incomplete)
        }
    }

    @Test(
        "a wrong one doesn't pass",
        arguments: [
            (.ping, "+PANG\r\n"), (.set, "+QUEUED\r\n"), (.set, "-ERR no\r\n"),
            (.incr, ":0\r\n"), (.incr, ":-1\r\n"), (.incr, "+1\r\n"), (.hset, ":2\r\n"),
            (.get, "$-1\r\n"), (.get, "$3\r\nabc\r\n"), (.get, "$64\r\n\(value(of: 8))\r\n"),
            (.get, "$64\r\n\(value(of: 7).dropLast())!\r\n"),
            (.get, "$64\r\n!\(value(of: 7).dropFirst())\r\n"),
        ] as [(Workload, String)])
    func wrong(workload: Workload, reply: String) {
        #expect(check(workload, reply, key: 7) == .other)
        let bytes = [UInt8](reply.utf8)
        let finding = ReplyChecker(workload, values: Self.values)
            .explain(bytes.span, at: 0, key: 7)
        guard case .wrong = finding else {
            Issue.record("found \(finding)")
            return
        }
    }

    @Test(
        "a redirection and a refusal are told apart from errors",
        arguments: [
            ("-MOVED 1 127.0.0.1:7001\r\n", ReplyChecker.Finding.moved(byteCount: 25)),
            ("-TRYAGAIN later\r\n", .refused(byteCount: 17)),
            ("-CLUSTERDOWN no\r\n", .refused(byteCount: 17)),
            ("-MOVED 1 127", .incomplete),
        ])
    func redirected(reply: String, finding: ReplyChecker.Finding) {
        let bytes = [UInt8](reply.utf8)
        #expect(
            ReplyChecker(.set, values: Self.values).explain(bytes.span, at: 0, key: 1) == finding)
    }

    @Test(
        "values of different keys differ, at every size that holds a number", arguments: [12, 64])
    func values(byteCount: Int) {
        let all = (0..<5000).map { Self.value(of: UInt32($0), byteCount: byteCount) }
        #expect(Set(all).count == all.count)
    }

    @Test("values are as long as asked", arguments: [1, 11, 12, 13, 64, 5000])
    func sizes(byteCount: Int) {
        let pool = ValuePool(valueByteCount: byteCount)
        for key in [0, 1, 4095, 4096, 99_999, .max] as [UInt32] {
            let value = [UInt8](Self.value(of: key, byteCount: byteCount).utf8)
            #expect(value.count == byteCount)
            #expect(unsafe value.withUnsafeBytes { unsafe pool.matches(key, $0) })
            #expect(unsafe !value.dropLast().withUnsafeBytes { unsafe pool.matches(key, $0) })
        }
    }
}
