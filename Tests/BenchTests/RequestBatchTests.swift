import Client
import Primitives
import Testing

@testable import Bench

@Suite("A batch of requests")
struct RequestBatchTests {
    private func requests(_ batch: RequestBatch) throws -> [[String]] {
        var position = 0
        var requests: [[String]] = []
        let bytes = Array(batch.bytes[..<batch.byteCount])
        while let request = try ReplyDecoder.decode(bytes.span, at: &position) {
            requests.append(request.elements?.compactMap(\.text) ?? [])
        }
        #expect(position == batch.byteCount)
        return requests
    }

    @Test("is made of whole requests for the keys drawn", arguments: Workload.allCases)
    func requests(workload: Workload) throws {
        let values = ValuePool(valueByteCount: 20)
        var batch = RequestBatch(workload, capacity: 3, values: values)
        var cursor = 0
        batch.take(from: [7, 123_456_789, 0, 5], cursor: &cursor)
        #expect(cursor == 3)
        let found = try requests(batch)
        #expect(found.count == 3)
        for (request, key) in zip(found, batch.keys) {
            // The digits behind a command's name count its fields.
            #expect(request[0] == workload.rawValue.uppercased().filter(\.isLetter))
            guard workload.hasKey else { continue }
            let digits = String(repeating: "0", count: 12 - "\(key)".count) + "\(key)"
            #expect(request[1] == workload.keyPrefix + digits)
            #expect(request[1].utf8.count == 16)
            guard workload.sendsValue else { continue }
            let value = [UInt8](try #require(request.last).utf8)
            #expect(unsafe value.withUnsafeBytes { unsafe values.matches(key, $0) })
        }
    }

    @Test("takes what is left, and then nothing")
    func rest() {
        var batch = RequestBatch(.set, capacity: 3, values: ValuePool(valueByteCount: 8))
        var cursor = 0
        var taken: [UInt32] = []
        for expected in [3, 2, 0] {
            batch.take(from: [4, 3, 2, 1, 0], cursor: &cursor)
            #expect(batch.count == expected)
            taken += batch.keys[..<batch.count]
        }
        #expect(taken == [4, 3, 2, 1, 0])
        #expect(batch.byteCount == 0)
    }

    @Test("draws only keys that it was given")
    func draw() {
        var batch = RequestBatch(.get, capacity: 100, values: ValuePool(valueByteCount: 8))
        var generator = SeededGenerator(seed: 1)
        batch.draw(from: [10, 20, 30], &generator)
        #expect(batch.count == 100)
        #expect(Set(batch.keys) == [10, 20, 30])
    }
}
