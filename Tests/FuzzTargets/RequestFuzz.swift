import Primitives
import RESP

/// Input: limits, cuts, then the stream.
enum RequestFuzz {
    /// How reading a stream ended, and what came before.
    private struct Outcome: Equatable {
        /// The arguments of each request.
        var requests: [[[UInt8]]] = []
        var unreadByteCount = 0
        var refusal: RequestError?
    }

    static func run(_ input: inout FuzzInput) throws(Finding) {
        let parser = parser(choice: input.byte())
        var cuts = Cuts(seed: input.byte())
        let stream = input.rest()
        let whole = try read([stream], by: parser)
        let split = try read(
            cuts.ranges(of: stream.count).map { Array(stream[$0]) }, by: parser)
        if [whole, split].contains(where: { $0.refusal?.isOfOpenLine == true }) {
            try expectEqual(whole.requests, split.requests, "requests before a long line")
        } else {
            try expectEqual(whole, split, "read whole and in pieces")
        }
    }

    private static func parser(choice: UInt8) -> RequestParser {
        switch choice & 3 {
        case 0: return RequestParser()
        case 1: return RequestParser(isAuthenticated: false)
        default:
            var limits = RequestLimits()
            limits.argumentCount = 5
            limits.bulkByteCount = 40
            limits.lineByteCount = 60
            return RequestParser(limits: limits)
        }
    }

    private static func read(
        _ pieces: [[UInt8]], by parser: RequestParser
    ) throws(Finding) -> Outcome {
        var outcome = Outcome()
        var unread: [UInt8] = []
        var frame = RequestFrame()
        var partial = PartialRequest()
        for piece in pieces {
            unread += piece
            var used = 0
            do throws(RequestError) {
                while let byteCount = try next(
                    unread.span.extracting(used...), by: parser, &partial, &frame,
                    into: &outcome)
                {
                    used += byteCount
                    precondition(byteCount > 0 && used <= unread.count, "\(byteCount) bytes")
                }
            } catch {
                outcome.refusal = error
                return outcome
            }
            unread.removeFirst(used)
        }
        outcome.unreadByteCount = unread.count
        for request in outcome.requests { try checkCanonical(request) }
        return outcome
    }

    /// How many bytes the next request takes; `nil` when it is not whole yet.
    private static func next(
        _ bytes: Span<UInt8>, by parser: RequestParser, _ partial: inout PartialRequest,
        _ frame: inout RequestFrame, into outcome: inout Outcome
    ) throws(RequestError) -> Int? {
        switch try parser.parse(bytes, resuming: &partial, into: &frame) {
        case .incomplete: return nil
        case .empty(let byteCount): return byteCount
        case .inline(let byteCount):
            let line = try InlineCommand.request(from: bytes.extracting(0..<byteCount))
            outcome.requests.append(try arguments(of: line.span, &frame))
            return byteCount
        case .complete(let byteCount):
            outcome.requests.append(
                arguments(Request(bytes: bytes.extracting(0..<byteCount), frame: frame)))
            return byteCount
        }
    }

    /// What an inline command was turned into must be a request, whole and exact.
    private static func arguments(
        of request: Span<UInt8>, _ frame: inout RequestFrame
    ) throws(RequestError) -> [[UInt8]] {
        let progress = try RequestParser().parse(request, into: &frame)
        precondition(progress == .complete(byteCount: request.count), "\(progress)")
        return arguments(Request(bytes: request, frame: frame))
    }

    private static func arguments(_ request: borrowing Request) -> [[UInt8]] {
        (0..<request.count).map { index in request.copy(index) }
    }

    /// The request in its usual form is the same request.
    private static func checkCanonical(_ request: [[UInt8]]) throws(Finding) {
        let bytes = FuzzSeeds.request(request)
        var frame = RequestFrame()
        let progress = try? RequestParser().parse(bytes.span, into: &frame)
        try expect(
            progress == .complete(byteCount: bytes.count), "\(request) is \(progress as Any)")
        try expectEqual(
            arguments(Request(bytes: bytes.span, frame: frame)), request, "written anew")
    }

    static var seeds: [[UInt8]] {
        let streams = [
            FuzzSeeds.request("SET key value EX 100") + FuzzSeeds.request("GET key"),
            [UInt8]("PING\r\nset 'a b' \"c\\x41\\n\\\"\" \n\r\n*0\r\n*-1\r\n".utf8),
            [UInt8]("*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$0\r\n\r\n$2\r\n\r\n\r\n".utf8),
            [UInt8]("*123456789012\r\n".utf8), [UInt8]("*2\r\n$-1\r\n".utf8),
            [UInt8]("*1\r\n!\r\n".utf8),
            FuzzSeeds.request((0..<20).map { [UInt8(ascii: "a") + $0] }),
        ]
        return streams.enumerated().flatMap { number, stream in
            [UInt8(0), 1, 2].map { [$0, UInt8(number * 5)] + stream }
        }
    }
}

extension RequestError {
    /// Whether it is refused for the length of a line whose end has not come. How much of a line
    /// comes before its end is up to the network.
    fileprivate var isOfOpenLine: Bool {
        switch self {
        case .multibulkCountTooLong, .bulkCountTooLong: true
        default: false
        }
    }
}
