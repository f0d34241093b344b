@testable import Node
import Primitives
import Testing

@Suite("Payloads of entries") struct EntryPayloadTests {
    @Test("an entry in memory has no room to spare") func entrySize() throws {
        var payload = EntryPayload.begin(level: 1, seed: 2)
        EntryPayload.append(
            [1, 2, 3].span, place: DatabaseSlot(sharded: SlotID(4)), flags: [], to: &payload)
        let byteCount = payload.count
        #expect(payload.capacity > 2 * byteCount)
        EntryPayload.end(&payload, commandCount: 1)
        #expect(try EntryPayload.header(of: payload.span).commandCount == 1)
        #expect(payload.count == byteCount)
        #expect(payload.capacity < payload.count + 32)
    }
}
