import Client
import Primitives
import Testing

private let dialled = Address(host: "10.0.0.1", port: 7000)

@Suite("A client learns who leads")
struct TopologyTests {
    @Test(
        "from redirections",
        arguments: [
            ("MOVED 3999 127.0.0.1:6381", Redirection.Kind.moved, 3999, "127.0.0.1:6381"),
            ("ASK 0 node.example:7001", .ask, 0, "node.example:7001"),
            ("MOVED 16383 :7002", .moved, 16383, "10.0.0.1:7002"),
            ("MOVED 1 ::1:7003", .moved, 1, "[::1]:7003"),
        ])
    func redirection(error: String, kind: Redirection.Kind, slot: Int, address: String) throws {
        let redirection = try #require(Redirection(error, dialled: dialled))
        #expect(redirection.kind == kind)
        #expect(redirection.slot == SlotID(UInt16(slot)))
        #expect(redirection.address == Address(address))
    }

    @Test(
        "but not from other errors",
        arguments: [
            "ERR no", "MOVED", "MOVED 16384 a:1", "MOVED x a:1", "MOVED 1 a", "MOVED 1 a:0",
            "MOVED 1 a:99999", "MOVED 1 a:1 b", "TRYAGAIN 1 a:1",
        ])
    func otherErrors(error: String) {
        #expect(Redirection(error, dialled: dialled) == nil)
    }

    private func range(_ first: Int64, _ last: Int64, _ host: Reply, _ port: Int64) -> Reply {
        .array([
            .integer(first), .integer(last), .array([host, .integer(port), .simple("id")]),
        ])
    }

    @Test("from CLUSTER SLOTS")
    func slots() throws {
        let reply = Reply.array([
            range(0, 99, .bulk([UInt8]("10.0.0.2".utf8)), 7001),
            range(100, 200, .null, 7000),
            range(201, 16383, .bulk([]), 7000),
        ])
        var leaders = try #require(SlotLeaders(reply, dialled: dialled))
        #expect(leaders[SlotID(0)] == Address("10.0.0.2:7001"))
        #expect(leaders[SlotID(99)] == Address("10.0.0.2:7001"))
        #expect(leaders[SlotID(100)] == dialled)
        #expect(leaders[SlotID(16383)] == dialled)
        #expect(leaders.isComplete)
        #expect(leaders.addresses.count == 2)

        leaders[SlotID(5)] = Address("10.0.0.3:7002")
        #expect(leaders[SlotID(5)] == Address("10.0.0.3:7002"))
        #expect(leaders[SlotID(4)] == Address("10.0.0.2:7001"))
        leaders[SlotID(5)] = nil
        #expect(leaders.firstUnserved == SlotID(5))
    }

    @Test("and sees slots that nobody serves")
    func holes() throws {
        let reply = Reply.array([range(1, 16383, .bulk([UInt8]("a".utf8)), 1)])
        let leaders = try #require(SlotLeaders(reply, dialled: dialled))
        #expect(!leaders.isComplete)
        #expect(leaders.firstUnserved == SlotID(0))
        #expect(leaders[SlotID(0)] == nil)
    }

    @Test("and refuses what isn't such a reply")
    func malformed() {
        let host = Reply.bulk([UInt8]("a".utf8))
        for reply in [
            .error("ERR"), .array([.integer(1)]), .array([.array([.integer(0), .integer(1)])]),
            .array([range(5, 4, host, 1)]), .array([range(0, 16384, host, 1)]),
            .array([range(0, 1, host, 70_000)]), .array([range(-1, 1, host, 1)]),
        ] as [Reply] {
            #expect(SlotLeaders(reply, dialled: dialled) == nil)
        }
    }
}
