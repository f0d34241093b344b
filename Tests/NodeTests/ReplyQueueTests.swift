import Testing

@testable import Node

@Suite("Replies that a connection owes") struct ReplyQueueTests {
    @Test("leave in order, whatever comes first") func order() {
        var queue = ReplyQueue()
        var output: [UInt8] = []
        let places = (0..<4).map { _ in queue.append() }
        queue.answer(places[2], with: [2], into: &output)
        queue.append(ready: [4])
        queue.answer(places[3], with: [3], into: &output)
        queue.answer(places[0], with: [0], into: &output)
        #expect(output == [0])
        #expect(queue.readyByteCount == 3)
        queue.answer(places[1], with: [1], into: &output)
        #expect(output == [0, 1, 2, 3, 4])
        #expect(queue.readyByteCount == 0 && queue.heldByteCount == 0)
    }

    @Test("take memory only until they have left, though one is always owed") func memory() {
        var queue = ReplyQueue()
        var output: [UInt8] = []
        var expected: [UInt8] = []
        var owed = queue.append()
        for number in 0..<5000 {
            let byte = UInt8(number % 251)
            queue.append(ready: Array(repeating: byte, count: 1000))
            let next = queue.append()
            queue.answer(owed, with: [byte], into: &output)
            owed = next
            expected += Array(repeating: byte, count: 1001)
            #expect(queue.heldByteCount <= 1 << 18)
        }
        #expect(output == expected)
    }
}
