import Node
import Primitives
import Testing

/// Requests that come alone wait for the end of the turn.
@Suite("Requests that come one by one") struct ArrivalTests {
    private func founded() throws -> LoopRig {
        let rig = try LoopRig()
        rig.found()
        return rig
    }

    @Test("are served in their order at the end of the turn, whoever sent them")
    func order() throws {
        let rig = try founded()
        let clients = (0..<20).map { _ in rig.connect() }
        for client in clients { rig.receive(resp(["INCR", "n"]), on: client) }
        for client in clients { #expect(rig.takeReceived(client.id).isEmpty) }
        rig.advance(milliseconds: 10)
        for (number, client) in clients.enumerated() {
            #expect(rig.takeReceived(client.id) == ":\(number + 1)\r\n")
        }
        for client in clients { rig.receive(resp(["GET", "n"]), on: client) }
        rig.advance(milliseconds: 10)
        for client in clients { #expect(rig.takeReceived(client.id) == "$2\r\n20\r\n") }
    }

    @Test("are followed by what came behind them in the same turn")
    func parts() throws {
        let rig = try founded()
        let client = rig.connect()
        rig.receive(resp(["SET", "a", "1"]), on: client)
        let rest = resp(["GET", "a"]) + resp(["ECHO", "x"])
        rig.receive(String(rest.prefix(9)), on: client)
        rig.receive(String(rest.dropFirst(9)), on: client)
        rig.advance(milliseconds: 10)
        #expect(rig.takeReceived(client.id) == "+OK\r\n$1\r\n1\r\n$1\r\nx\r\n")
    }

    @Test("are done though their client has gone in the same turn")
    func gone() throws {
        let rig = try founded()
        let (client, other) = (rig.connect(), rig.connect())
        rig.receive(resp(["SET", "a", "1"]), on: client)
        rig.disconnect(client)
        #expect(rig.run([["GET", "a"]], on: other) == "$1\r\n1\r\n")
    }

    @Test("are owed an answer meanwhile, so that no stop ends the connection before")
    func owed() throws {
        let rig = try founded()
        let client = rig.connect()
        #expect(rig.owesNothing(client))
        rig.receive(resp(["SET", "a", "1"]), on: client)
        #expect(!rig.owesNothing(client))
        rig.advance(milliseconds: 10)
        #expect(rig.takeReceived(client.id) == "+OK\r\n" && rig.owesNothing(client))
    }

    @Test("are not done for a client that takes the place of one that has gone")
    func reused() throws {
        let rig = try founded()
        let first = rig.connect()
        rig.receive(resp(["INCR", "a"]), on: first)
        rig.disconnect(first)
        let second = rig.connect()
        #expect(second.id.index == first.id.index)
        #expect(rig.run([["GET", "a"]], on: second) == "$1\r\n1\r\n")
    }

    @Test("are refused as others are: without authentication, and in the middle of one")
    func refused() throws {
        let rig = try LoopRig { $0.password = [UInt8]("p".utf8) }
        rig.found()
        let client = rig.connect()
        rig.receive(resp(["GET", "a"]), on: client)
        rig.receive(resp(["AUTH", "p"]) + resp(["GET", "a"]), on: client)
        rig.advance(milliseconds: 10)
        #expect(
            rig.takeReceived(client.id)
                == "-NOAUTH Authentication required.\r\n+OK\r\n$-1\r\n")
    }
}
