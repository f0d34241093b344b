import Node
import Primitives
import Testing

@Suite("CLIENT") struct ClientTests {
    private func founded(loops: Int = 1) throws -> LoopRig {
        let rig = try LoopRig(folders: (0..<loops).map { _ in MemoryFolder() })
        rig.found()
        // Those of the first loop are other generations than those of the others, so that the rig can tell
        // connections of different loops apart.
        let first = (0..<8).map { _ in rig.connect() }
        for connection in first { rig.disconnect(connection) }
        return rig
    }

    private typealias Connection = (loop: Int, id: ConnectionID)

    private func id(_ rig: LoopRig, _ client: Connection) -> String {
        String(rig.run([["CLIENT", "ID"]], on: client).dropFirst().dropLast())
    }

    /// The fields of each client that a list names, by id.
    private func list(
        _ rig: LoopRig, _ client: Connection, _ words: String...
    ) -> [String: [String: String]] {
        let lines = rig.run([["CLIENT", "LIST"] + words], on: client).split(separator: "\r\n")
        var clients: [String: [String: String]] = [:]
        for line in lines.dropFirst().joined().split(separator: "\n") {
            let pairs = line.split(separator: " ").map {
                $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            }
            let fields = Dictionary(uniqueKeysWithValues: pairs.map { ("\($0[0])", "\($0[1])") })
            clients[fields["id"] ?? ""] = fields
        }
        return clients
    }

    @Test("ids carry the node's number, and differ between loops", arguments: [1, 3])
    func ids(loops: Int) throws {
        let rig = try founded(loops: loops)
        let ids = (0..<9).compactMap { UInt64(id(rig, rig.connect(loop: $0 % loops))) }
        #expect(Set(ids).count == 9)
        // The replica of group 0 that the rig's only node has.
        #expect(ids.allSatisfy { $0 >> 36 == 1 })
    }

    @Test("LIST tells of the clients of every loop", arguments: [1, 2]) func list(loops: Int) throws
    {
        let rig = try founded(loops: loops)
        let first = rig.connect()
        let second = rig.connect(loop: loops - 1)
        _ = rig.run([["CLIENT", "SETNAME", "other"], ["CLIENT", "NO-EVICT", "ON"]], on: second)
        let clients = list(rig, first)
        #expect(clients.count == 2)
        let other = try #require(clients[id(rig, second)])
        #expect(other["name"] == "other" && other["flags"] == "e")
        #expect(other["cmd"] == "client|no-evict")
        #expect(clients[id(rig, first)]?["cmd"] == "client|list")
        #expect(list(rig, first, "ID", id(rig, second)).count == 1)
        #expect(list(rig, first, "TYPE", "pubsub").isEmpty)
        _ = rig.run([["GET", "k"]], on: second)
        #expect(list(rig, first)[id(rig, second)]?["cmd"] == "get")
    }

    @Test("KILL closes others at once, and the one that asks behind its reply", arguments: [1, 2])
    func kill(loops: Int) throws {
        let rig = try founded(loops: loops)
        let killer = rig.connect()
        let victims = (0..<3).map { rig.connect(loop: $0 % loops) }
        let victim = id(rig, victims[1])
        #expect(rig.run([["CLIENT", "KILL", "ID", victim]], on: killer) == ":1\r\n")
        #expect(rig.closed == [victims[1].id])
        #expect(rig.run([["CLIENT", "KILL", "ID", victim]], on: killer) == ":0\r\n")
        #expect(rig.run([["CLIENT", "KILL", "ID", id(rig, killer)]], on: killer) == ":0\r\n")
        #expect(rig.run([["CLIENT", "KILL", "TYPE", "pubsub"]], on: killer) == ":0\r\n")
        #expect(rig.run([["CLIENT", "KILL", "MAXAGE", "2"]], on: killer) == ":0\r\n")
        rig.advance(milliseconds: 2000)
        #expect(rig.run([["CLIENT", "KILL", "MAXAGE", "2"]], on: killer) == ":2\r\n")
        #expect(rig.closed.count == 3)
        #expect(
            rig.run([["CLIENT", "KILL", "SKIPME", "no"], ["PING"]], on: killer) == ":1\r\n")
        #expect(rig.closed.count == 4)
    }

    @Test("KILL's old form answers OK, and is about the asker too") func killOldForm() throws {
        let rig = try founded()
        let killer = rig.connect()
        #expect(
            rig.run([["CLIENT", "KILL", "127.0.0.1:6"]], on: killer) == "-ERR No such client\r\n")
        #expect(rig.run([["CLIENT", "KILL", "127.0.0.1:5"]], on: killer) == "+OK\r\n")
        #expect(rig.closed == [killer.id])
    }

    @Test("UNBLOCK ends a WAIT, on whichever loops it waits", arguments: [1, 2])
    func unblock(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let other = rig.connect(0)
        for (words, reply) in [
            (["TIMEOUT"], ":1\r\n"), ([], ":1\r\n"),
            (["ERROR"], "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"),
        ] {
            let waiting = rig.connect(0, loop: loops - 1)
            let id = String(rig.run([["CLIENT", "ID"]], on: waiting).dropFirst().dropLast())
            #expect(rig.run([["CLIENT", "UNBLOCK", id]], on: other) == ":0\r\n")
            rig.delivers = { _, to, _ in to != 2 }
            #expect(
                rig.run([["SET", "{b}", "1"], ["WAIT", "2", "0"], ["PING"]], on: waiting)
                    == "+OK\r\n")
            #expect(rig.run([["CLIENT", "LIST", "ID", id]], on: other).contains("flags=b "))
            #expect(rig.run([["CLIENT", "UNBLOCK", id] + words], on: other) == ":1\r\n")
            rig.advance(milliseconds: 20)
            #expect(rig.take(waiting) == reply + "+PONG\r\n")
            rig.delivers = { _, _, _ in true }
            rig.advance(milliseconds: 500)
        }
    }

    @Test("PAUSE holds back commands of every loop for its time", arguments: [1, 2])
    func pause(loops: Int) throws {
        let rig = try founded(loops: loops)
        let other = rig.connect()
        let client = rig.connect(loop: loops - 1)
        #expect(rig.run([["CLIENT", "PAUSE", "1000", "WRITE"]], on: other) == "+OK\r\n")
        #expect(rig.run([["GET", "k"], ["SET", "k", "v"], ["PING"]], on: client) == "$-1\r\n")
        #expect(rig.run([["INFO", "clients"]], on: other).contains("blocked_clients:1\r\n"))
        rig.advance(milliseconds: 900)
        #expect(rig.takeReceived(client.id) == "")
        rig.advance(milliseconds: 200)
        #expect(rig.takeReceived(client.id) == "+OK\r\n+PONG\r\n")
        // All commands; a longer pause of writes makes it longer, not narrower.
        #expect(rig.run([["CLIENT", "PAUSE", "500"]], on: other) == "+OK\r\n")
        #expect(rig.run([["GET", "k"]], on: client) == "")
        #expect(rig.run([["CLIENT", "UNPAUSE"]], on: other) == "")
        rig.advance(milliseconds: 600)
        #expect(rig.takeReceived(client.id) == "$1\r\nv\r\n")
        #expect(rig.takeReceived(other.id) == "+OK\r\n")
        // That one was wider; a new one is not.
        #expect(rig.run([["CLIENT", "PAUSE", "100000", "WRITE"]], on: other) == "+OK\r\n")
        #expect(rig.run([["GET", "k"], ["DEL", "k"]], on: client) == "$1\r\nv\r\n")
        #expect(rig.run([["CLIENT", "UNPAUSE"]], on: other) == "+OK\r\n")
        #expect(rig.takeReceived(client.id) == ":1\r\n")
        let counted = rig.run([["INFO", "stats"]], on: other)
        #expect(counted.contains("total_commands_processed:13\r\n"), "\(counted)")
    }

    @Test("a read that a pause of all held back does not wait for a later pause of writes")
    func narrowerPause() throws {
        let rig = try founded()
        let other = rig.connect()
        let client = rig.connect()
        // The second pause is held back by the first, and begins when that is over.
        let pauses = [["CLIENT", "PAUSE", "500"], ["CLIENT", "PAUSE", "100000", "WRITE"]]
        #expect(rig.run(pauses, on: other) == "+OK\r\n")
        #expect(rig.run([["GET", "k"], ["SET", "k", "v"]], on: client) == "")
        rig.advance(milliseconds: 600)
        #expect(rig.takeReceived(other.id) == "+OK\r\n")
        #expect(rig.takeReceived(client.id) == "$-1\r\n")
        #expect(rig.run([["INFO", "clients"]], on: other).contains("blocked_clients:1\r\n"))
        #expect(rig.run([["CLIENT", "UNPAUSE"]], on: other) == "+OK\r\n")
        #expect(rig.takeReceived(client.id) == "+OK\r\n")
    }

    @Test("REPLY mutes what it is about and nothing else", arguments: [1, 2])
    func replies(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        // Those of the other loop's shard, and of a disk that is slow, come later.
        rig.isDiskSlow = true
        #expect(
            rig.run(
                [
                    ["SET", "{a}", "1"], ["CLIENT", "REPLY", "SKIP"], ["SET", "{b}", "2"],
                    ["GET", "{b}"], ["CLIENT", "REPLY", "OFF"], ["GET", "{a}"],
                    ["SET", "{b}", "3"],
                    ["NOSUCH"], ["DBSIZE"], ["CLIENT", "REPLY", "SKIP"], ["PING"],
                    ["CLIENT", "REPLY", "ON"], ["GET", "{b}"], ["CLIENT", "REPLY", "SKIP"],
                    ["CLIENT", "REPLY", "ON"], ["PING"],
                ], on: client) == "")
        rig.isDiskSlow = false
        rig.finishDisk()
        rig.advance(milliseconds: 100)
        #expect(
            rig.takeReceived(client.id)
                == "+OK\r\n$1\r\n2\r\n+OK\r\n$1\r\n3\r\n+OK\r\n+PONG\r\n")
        #expect(
            rig.run([["CLIENT", "REPLY", "OFF"], ["PING"], ["RESET"], ["PING"]], on: client)
                == "+RESET\r\n+PONG\r\n")
    }

    @Test("what there is not is refused, not left open") func refusals() throws {
        let rig = try founded()
        let client = rig.connect()
        #expect(
            rig.run(
                [
                    ["CLIENT", "MAINT_NOTIFICATIONS", "ON"], ["CLIENT", "TRACKING", "ON"],
                    ["CLIENT", "TRACKING", "OFF"], ["CLIENT", "NO-TOUCH", "ON"],
                ], on: client)
                == "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n"
                + "-ERR client tracking is not supported\r\n+OK\r\n+OK\r\n")
    }
}
