@testable import Node
import Primitives
import Testing

@Suite("Payloads of entries") struct EntryPayloadTests {
    @Test("an entry in memory has no room to spare") func entrySize() throws {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4096)
        EntryPayload.begin(in: &bytes, level: 1, seed: 2)
        EntryPayload.append(
            [1, 2, 3].span, place: DatabaseSlot(sharded: SlotID(4)), flags: [], to: &bytes)
        let byteCount = bytes.count
        let payload = EntryPayload.end(&bytes, commandCount: 1)
        #expect(bytes.isEmpty && bytes.capacity >= 4096)
        #expect(try EntryPayload.header(of: payload.span).commandCount == 1)
        #expect(payload.count == byteCount)
        #expect(payload.capacity < payload.count + 32)
    }
}
