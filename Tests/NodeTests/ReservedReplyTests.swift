import Testing

@testable import Node

@Suite("Replies to reserved places") struct ReservedReplyTests {
    @Test("one that is begun and not ended ends the process") func forgotten() async {
        await #expect(processExitsWith: .failure) {
            _ = ReservedReply(.stored, of: 1, sequence: 2)
        }
    }

    @Test("one that is ended says where it belongs") func ended() {
        let reply = ReservedReply(.head, of: 1, sequence: 2)
        let (manner, index, sequence) = reply.end()
        guard case .head = manner else { return #expect(Bool(false), "\(manner)") }
        #expect(index == 1 && sequence == 2)
    }
}
