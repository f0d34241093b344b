import Primitives
import RESP
import Testing

@Suite("RequestParser") struct RequestParserTests {
    private func parse(
        _ text: String, limits: RequestLimits = RequestLimits(), isAuthenticated: Bool = true
    ) throws(RequestError) -> (RequestParser.Progress, [String]) {
        let bytes = [UInt8](text.utf8)
        var frame = RequestFrame()
        let parser = RequestParser(limits: limits, isAuthenticated: isAuthenticated)
        let progress = try parser.parse(bytes.span, into: &frame)
        guard case .complete(let byteCount) = progress else { return (progress, []) }
        let request = Request(bytes: bytes.span.extracting(0..<byteCount), frame: frame)
        return (
            progress, (0..<request.count).map { String(decoding: request.copy($0), as: UTF8.self) }
        )
    }

    private let set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n"

    @Test("finds the arguments and leaves what follows") func complete() throws {
        let (progress, words) = try parse(set + "*1\r\n")
        #expect(progress == .complete(byteCount: set.utf8.count))
        #expect(words == ["SET", "k", "hello"])
    }

    @Test("waits at every prefix") func prefixes() throws {
        for end in 0..<set.utf8.count {
            let (progress, _) = try parse(String(decoding: set.utf8.prefix(end), as: UTF8.self))
            #expect(progress == .incomplete)
        }
    }

    @Test("takes more arguments than fit inline", arguments: [15, 16, 17, 40]) func many(count: Int)
        throws
    {
        let text = "*\(count)\r\n" + (0..<count).map { "$2\r\n\($0 + 10)\r\n" }.joined()
        #expect(try parse(text).1 == (0..<count).map { "\($0 + 10)" })
    }

    @Test(
        "refuses what Redis refuses, in its words",
        arguments: [
            ("*x\r\n", RequestError.multibulkLength),
            ("*2147483648\r\n", .multibulkLength),
            ("*01\r\n", .multibulkLength),
            ("*-0\r\n", .multibulkLength),
            ("*+1\r\n", .multibulkLength),
            ("*-9223372036854775809\r\n", .multibulkLength),
            ("*99999999999999999999\r\n", .multibulkLength),
            ("*1\r\nPING\r\n", .expectedDollar(found: UInt8(ascii: "P"))),
            ("*1\r\n$-1\r\n", .bulkLength),
            ("*1\r\n$x\r\n", .bulkLength),
            ("*1\r\n$04\r\nPING\r\n", .bulkLength),
            ("*1\r\n" + String(repeating: "x", count: 70_000), .bulkCountTooLong),
            ("*\0" + String(repeating: "1", count: 70_000) + "\r\n", .multibulkCountTooLong),
            ("*1\r\n$536870913\r\n", .bulkLength),
        ])
    func refused(text: String, error: RequestError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test(
        "an unauthenticated client may send little",
        arguments: [
            ("*11\r\n", RequestError.unauthenticatedMultibulkLength),
            ("*2147483647\r\n", .unauthenticatedMultibulkLength),
            ("*2147483648\r\n", .multibulkLength),
            ("*1\r\n$16385\r\n", .unauthenticatedBulkLength),
            ("*1\r\n$536870912\r\n", .unauthenticatedBulkLength),
            ("*1\r\n$536870913\r\n", .bulkLength),
        ])
    func unauthenticated(text: String, error: RequestError) {
        #expect(throws: error) { try parse(text, isAuthenticated: false) }
    }

    @Test(
        "an unauthenticated client may send as much as Redis allows",
        arguments: ["*10\r\n", "*1\r\n$16384\r\n"])
    func unauthenticatedMost(text: String) throws {
        #expect(try parse(text, isAuthenticated: false).0 == .incomplete)
    }

    @Test(
        "what may yet become a request waits",
        arguments: ["*2147483647\r\n", "*1\r\nx", "*1\r\n$5\r", "*1\0\r\n", "a\0b\n"])
    func waits(text: String) throws {
        #expect(try parse(text).0 == .incomplete)
    }

    @Test("a request that comes in pieces is read once, not anew with each piece")
    func resumes() throws {
        let argument = "$2\r\nab\r\n"
        var bytes = [UInt8]("*300\r\n".utf8)
        var partial = PartialRequest()
        var frame = RequestFrame()
        let parser = RequestParser()
        for number in 1...300 {
            #expect(try parser.parse(bytes.span, resuming: &partial, into: &frame) == .incomplete)
            // What was read before would be refused if it were read again.
            let original = bytes
            for place in 1..<bytes.count { bytes[place] = UInt8(ascii: "x") }
            #expect(try parser.parse(bytes.span, resuming: &partial, into: &frame) == .incomplete)
            bytes = original + [UInt8](argument.utf8)
            #expect(frame.count < number + 1)
        }
        let progress = try parser.parse(bytes.span, resuming: &partial, into: &frame)
        #expect(progress == .complete(byteCount: bytes.count))
        #expect(frame.count == 300)
        #expect(partial == PartialRequest())
    }

    @Test(
        "empty arrays and blank lines ask for nothing",
        arguments: ["*0\r\n", "*-1\r\n", "*-9223372036854775808\r\n", "\r\n", " \n"])
    func nothing(text: String) throws {
        #expect(try parse(text).0 == .empty(byteCount: text.utf8.count))
    }

    @Test(
        "a length that never ends is refused",
        arguments: [("*", RequestError.multibulkCountTooLong), ("*1\r\n$", .bulkCountTooLong)])
    func longLength(start: String, error: RequestError) {
        #expect(throws: error) { try parse(start + String(repeating: "1", count: 65 * 1024)) }
    }

    @Test("waits for the longest argument that can be announced") func longest() throws {
        var limits = RequestLimits()
        limits.bulkByteCount = .max
        let (progress, _) = try parse(
            "*2\r\n$3\r\nGET\r\n$\(Int.max)\r\nk", limits: limits)
        #expect(progress == .incomplete)
    }

    @Test("a line longer than the limit is refused") func longLine() {
        #expect(throws: RequestError.inlineTooLong) {
            try parse(String(repeating: "a", count: 65 * 1024))
        }
    }

    @Test(
        "inline words are split as Redis splits them",
        arguments: [
            ("SET k v\r", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"),
            (#"ECHO "a\x41\n""#, "*2\r\n$4\r\nECHO\r\n$3\r\naA\n\r\n"),
            (#"ECHO 'it\'s'"#, "*2\r\n$4\r\nECHO\r\n$4\r\nit's\r\n"),
        ])
    func inline(line: String, request: String) throws {
        let bytes = [UInt8](line.utf8)
        #expect(
            String(decoding: try InlineCommand.request(from: bytes.span), as: UTF8.self) == request)
    }

    @Test(
        "quotes must be closed at the end of a word",
        arguments: ["ECHO \"a", "ECHO 'a", "ECHO \"a\"b"])
    func quotes(line: String) {
        let bytes = [UInt8](line.utf8)
        #expect(throws: RequestError.unbalancedQuotes) {
            try InlineCommand.request(from: bytes.span)
        }
    }
}
