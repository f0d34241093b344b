import Keyspace
import Testing

@Suite("What a key takes") struct MeasureTests {
    private func byteCount(
        of key: String, in keyspace: borrowing Keyspace, samples: Int = .max
    ) -> Int {
        let place = keyspace.locate([UInt8](key.utf8).span, now: 0)
        return keyspace.memoryByteCount(at: place, samples: samples)
    }

    @Test("a string takes its bytes, its key's and a bounded rest")
    func strings() {
        var keyspace = Keyspace(hashSecret: 1)
        for count in [0, 1, 44, 1000, 100_000] {
            let key = [UInt8]("key".utf8)
            let value = [UInt8](repeating: 1, count: count)
            var place = keyspace.locate(key.span, now: 0)
            keyspace.remove(&place)
            keyspace.setString(value.span, of: key.span, at: &place, deadline: Keyspace.noDeadline)
            let forever = byteCount(of: "key", in: keyspace)
            #expect(count + 3..<count + 64 ~= forever)
            keyspace.setDeadline(1000, at: &place)
            #expect(byteCount(of: "key", in: keyspace) > forever)
        }
    }

    @Test("some fields stand for all when they are alike, and all count when all are measured")
    func hashes() {
        var keyspace = Keyspace(hashSecret: 1)
        let key = [UInt8]("hash".utf8)
        for number in 10_000..<11_000 {
            let name = [UInt8]("field\(number)".utf8)
            var place = keyspace.locate(key.span, now: 0)
            keyspace.setField(name.span, to: name.span, of: key.span, at: &place)
        }
        let all = byteCount(of: "hash", in: keyspace)
        #expect(20_000..<120_000 ~= all)
        #expect(byteCount(of: "hash", in: keyspace, samples: 5) == all)
        let large = [UInt8](repeating: 1, count: 50_000)
        var place = keyspace.locate(key.span, now: 0)
        keyspace.setField(large.span, to: large.span, of: key.span, at: &place)
        #expect(byteCount(of: "hash", in: keyspace, samples: 5) < all + 100)
        #expect(byteCount(of: "hash", in: keyspace) > all + 100_000)
    }
}
