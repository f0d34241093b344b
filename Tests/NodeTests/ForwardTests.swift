import Primitives
import Testing

@testable import Node

@Suite("Forwarded requests") struct ForwardTests {
    private static let stream = StreamKey(
        connection: ConnectionID(index: 3, generation: 4), group: GroupID(5))
    private static let place = ForwardFrame.Place(attempt: 6, number: 7)

    @Test("a frame's bytes stay what they are") func golden() {
        var bytes = ForwardFrame.begin(loop: 1, incarnation: 2)
        ForwardFrame.append(
            request: [65, 66].span, at: DatabaseSlot(slot: SlotID(258), database: .whole(1)),
            version: .three, of: Self.stream, Self.place, isPart: false, to: &bytes)
        ForwardFrame.append(closed: Self.stream.connection, to: &bytes)
        ForwardFrame.append(
            part: 1..<3, of: [7, 8, 9, 10].span, Self.place, Self.stream, to: &bytes)
        ForwardFrame.append(refusalFrom: Self.place, of: Self.stream, to: &bytes)
        ForwardFrame.append(
            request: [67].span, at: DatabaseSlot(sharded: SlotID(258)), version: .two,
            of: Self.stream, Self.place, isPart: true, to: &bytes)
        let key: [UInt8] = [3, 0, 0, 0, 4, 0, 0, 0]
        let number: [UInt8] = [6, 0, 0, 0, 7, 0, 0, 0]
        var expected: [UInt8] = [1, 0, 2, 0, 0, 0, 0, 0, 0, 0]
        expected += [1] + key + [5, 0, 0, 0] + number + [2, 2, 1, 3, 2, 0, 0, 0, 65, 66]
        expected += [2] + key + [0, 0, 0, 0]
        expected += [3] + key + [5, 0, 0, 0] + number
        expected += [1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 8, 9]
        expected += [4] + key + [5, 0, 0, 0] + number
        expected += [5] + key + [5, 0, 0, 0] + number + [0, 2, 1, 2, 1, 0, 0, 0, 67]
        #expect(bytes == expected)
    }

    @Test("what is cut off or unknown is refused") func damage() throws {
        var bytes = ForwardFrame.begin(loop: 0, incarnation: 0)
        ForwardFrame.append(
            request: [65].span, at: DatabaseSlot(sharded: SlotID(1)), version: .two,
            of: Self.stream, Self.place, isPart: false, to: &bytes)
        for count in ForwardFrame.headerByteCount + 1..<bytes.count {
            var reader = try ForwardReader(Array(bytes[..<count]))
            #expect(throws: DecodingFailure.self) { try reader.next() }
        }
        var unknown = try ForwardReader(
            ForwardFrame.begin(loop: 0, incarnation: 0) + [9] + [UInt8](repeating: 0, count: 20))
        #expect(throws: DecodingFailure.self) { try unknown.next() }
    }

    @Test("unanswered requests are found by their replies' places, and let go from the front")
    func unanswered() {
        var requests = UnansweredRequests()
        for number in 0..<5000 {
            requests.append(
                [UInt8]("\(number)".utf8).span, sequence: UInt64(2 * number), group: GroupID(1),
                place: DatabaseSlot(sharded: SlotID(0)), isWrite: number % 2 == 0,
                version: .two, state: .here,
                head: UInt64(number))
        }
        // Half of them are before the head by now.
        #expect(requests.index(of: 2000) == nil)
        #expect(requests.index(of: 9001) == nil)
        let index = requests.index(of: 9000)
        #expect(index.map { requests.request(at: $0) } == [UInt8]("4500".utf8))
        requests.forget(before: 9998)
        #expect(requests.indices.count == 1)
        requests.forget(before: 10_000)
        #expect(requests.indices.isEmpty)
    }

    @Test("replies of any kind are told apart") func parts() throws {
        let output =
            "+OK\r\n$3\r\na\r\n\r\n$-1\r\n*2\r\n:1\r\n*1\r\n_\r\n%1\r\n+a\r\n,1.5\r\n-UNCERTAIN x\r\n"
        let replies = PartReplies([UInt8](output.utf8))
        #expect(replies.count == 6)
        #expect(replies.error(isWrite: false) == "UNCERTAIN x")
        let error = try #require(replies.error(isWrite: true))
        #expect(error.hasPrefix("UNCERTAIN some"))
    }

    @Test("parts that all failed leave nothing done", arguments: [true, false])
    func failedParts(isWrite: Bool) {
        let refused = "-CLUSTERDOWN x\r\n"
        #expect(
            PartReplies([UInt8]((refused + refused).utf8)).error(isWrite: isWrite)
                == "CLUSTERDOWN x")
        #expect(PartReplies([UInt8](":1\r\n:2\r\n".utf8)).error(isWrite: isWrite) == nil)
    }

    @Test("values come back in the order of their keys") func order() {
        let output = "*2\r\n$1\r\na\r\n$-1\r\n*1\r\n$2\r\n\r\n\r\n*2\r\n:1\r\n_\r\n"
        let replies = PartReplies([UInt8](output.utf8))
        let ordered = replies.elements(inOrder: [[1, 4], [0], [2, 3]])
        #expect(ordered == [UInt8]("$2\r\n\r\n\r\n$1\r\na\r\n:1\r\n_\r\n$-1\r\n".utf8))
    }
}
