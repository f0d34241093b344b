import Node
import Testing

@Suite("Output of slow clients")
struct OutputTests {
    private let value = String(repeating: "v", count: 60_000)
    private var reply: String { "$60000\r\n\(value)\r\n" }

    private func founded() throws -> LoopRig {
        let rig = try LoopRig {
            $0.outputCloseByteCount = 10_000
            $0.outputCloseMilliseconds = 5000
        }
        rig.found()
        return rig
    }

    @Test("a client that takes none of much is closed, in time and not before")
    func closed() throws {
        let rig = try founded()
        let client = rig.connect()
        #expect(rig.run([["SET", "k", value]], on: client) == "+OK\r\n")
        rig.socketByteCount = 0
        _ = rig.run([["GET", "k"]], on: client)
        rig.advance(milliseconds: 4500)
        #expect(rig.closed.isEmpty)
        rig.advance(milliseconds: 2500)
        #expect(rig.closed == [client.id])
        #expect(rig.counters().stalledClients == 1)
        rig.socketByteCount = .max
        let other = rig.connect()
        #expect(rig.run([["STRLEN", "k"]], on: other) == ":60000\r\n")
    }

    @Test("a client that takes little at a time, or has little waiting, stays")
    func stays() throws {
        let rig = try founded()
        let client = rig.connect()
        let idle = rig.connect()
        #expect(rig.run([["SET", "k", value]], on: client) == "+OK\r\n")
        rig.socketByteCount = 0
        _ = rig.run([["GET", "k"]], on: client)
        _ = rig.run([["PING"]], on: idle)
        rig.socketByteCount = 10
        for _ in 0..<20 {
            rig.advance(milliseconds: 1000)
            rig.sendOutput(of: client.id)
        }
        #expect(rig.closed.isEmpty)
    }

    @Test("a reply that leaves in pieces arrives whole, with what follows")
    func pieces() throws {
        let rig = try founded()
        let client = rig.connect()
        _ = rig.run([["SET", "k", value]], on: client)
        rig.socketByteCount = 7001
        var output = rig.run([["GET", "k"], ["PING"]], on: client)
        let waiting = (reply + "+PONG\r\n").utf8.count - output.utf8.count
        #expect(waiting > 0)
        #expect(
            rig.run([["INFO", "clients"]], on: rig.connect())
                .contains("client_recent_max_output_buffer:\(waiting)\r\n"))
        for round in 0..<20 {
            if round == 3 { output += rig.run([["ECHO", "x"]], on: client) }
            rig.sendOutput(of: client.id)
            output += rig.takeReceived(client.id)
        }
        #expect(output == reply + "+PONG\r\n$1\r\nx\r\n")
    }
}
