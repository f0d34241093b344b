import Journal
import Node
import Primitives
import Testing

@Suite("What a connection may ask and when") struct ConnectionTests {
    private func founded(_ adjust: (inout LoopSettings) -> Void = { _ in }) throws -> LoopRig {
        let rig = try LoopRig(adjust: adjust)
        rig.found()
        return rig
    }

    @Test("the number of arguments is judged before who asks") func arityFirst() throws {
        let rig = try founded { $0.password = [UInt8]("secret".utf8) }
        let client = rig.connect()
        #expect(
            rig.run([["GET"], ["GET", "a"], ["NOSUCH"], ["CLIENT", "SETNAME"]], on: client)
                == "-ERR wrong number of arguments for 'get' command\r\n"
                + "-NOAUTH Authentication required.\r\n"
                + "-ERR unknown command 'NOSUCH', with args beginning with: \r\n"
                + "-ERR wrong number of arguments for 'client|setname' command\r\n")
    }

    @Test("a plain connection is refused what is about the cluster, as by a Redis without one")
    func noCluster() throws {
        let rig = try founded()
        let client = rig.connect(.plain)
        for words in [
            ["HELP"], ["SLOTS"], ["COUNTKEYSINSLOT", "1"], ["GETKEYSINSLOT", "1", "1"],
            ["KEYSLOT", "k"],
        ] {
            #expect(
                rig.run([["CLUSTER"] + words], on: client)
                    == "-ERR This instance has cluster support disabled\r\n")
        }
    }

    @Test("the limits of a stranger end with AUTH, inline or not") func limitsEnd() throws {
        let rig = try founded { $0.password = [UInt8]("secret".utf8) }
        let large = resp(["PING", String(repeating: "x", count: 20_000)])
        let first = rig.connect()
        #expect(
            rig.send("AUTH secret\r\n" + large, on: first)
                == "+OK\r\n$20000\r\n\(String(repeating: "x", count: 20_000))\r\n")
        let stranger = rig.connect()
        #expect(
            rig.send(large, on: stranger)
                == "-ERR Protocol error: unauthenticated bulk length\r\n")
        // Back and forth many times in one read.
        let second = rig.connect()
        let turns = String(repeating: resp(["AUTH", "secret"]) + resp(["RESET"]), count: 20_000)
        #expect(rig.send(turns, on: second).hasSuffix("+OK\r\n+RESET\r\n"))
    }

    @Test(
        "subcommands have Redis's errors",
        arguments: [
            (["CLIENT", "ID", "x"], "-ERR wrong number of arguments for 'client|id' command\r\n"),
            (["CLIENT", "NOSUCH"], "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.\r\n"),
            (
                ["CLUSTER", "KEYSLOT"],
                "-ERR wrong number of arguments for 'cluster|keyslot' command\r\n"
            ),
            (
                ["COMMAND", "COUNT", "x"],
                "-ERR wrong number of arguments for 'command|count' command\r\n"
            ),
            (["CLUSTER"], "-ERR wrong number of arguments for 'cluster' command\r\n"),
            (["WAIT", "1", "x"], "-ERR timeout is not an integer or out of range\r\n"),
        ])
    func subcommands(words: [String], reply: String) throws {
        let rig = try founded()
        #expect(rig.run([words], on: rig.connect()) == reply)
    }

    @Test("keys expire from memory while writes never pause") func expiryUnderLoad() throws {
        let rig = try founded()
        let client = rig.connect()
        for number in 0..<20 {
            #expect(rig.run([["SET", "{b}\(number)", "v", "PX", "50"]], on: client) == "+OK\r\n")
        }
        rig.isDiskSlow = true
        _ = rig.run([["SET", "{b}", "0"]], on: client)
        for round in 0..<40 {
            _ = rig.run([["SET", "{b}", "\(round)"]], on: client)
            rig.finishDisk()
            rig.advance(milliseconds: 10)
        }
        rig.isDiskSlow = false
        rig.finishDisk()
        _ = rig.takeReceived(client.id)
        #expect(rig.run([["DBSIZE"]], on: client) == ":1\r\n")
    }

    @Test("replies that are ready before their turn are held in bounds") func readyReplies() throws
    {
        let rig = try founded { $0.outputPauseByteCount = 64 << 10 }
        let client = rig.connect()
        let value = String(repeating: "v", count: 1000)
        // Of two shards.
        #expect(
            rig.run([["SET", "{b}", value], ["SET", "{a}", "1"]], on: client) == "+OK\r\n+OK\r\n")
        rig.isDiskSlow = true
        let before = rig.counters().leaseReads
        _ = rig.run([["SET", "{a}", "2"]] + (0..<1000).map { _ in ["GET", "{b}"] }, on: client)
        #expect(60...70 ~= rig.counters().leaseReads - before)
        rig.isDiskSlow = false
        rig.finishDisk()
        rig.advance(milliseconds: 50)
        let reply = "$1000\r\n\(value)\r\n"
        #expect(
            rig.takeReceived(client.id) == "+OK\r\n" + String(repeating: reply, count: 1000))
    }

    @Test("reads behind a slow disk are held in bounds") func boundReadsAreBounded() throws {
        let rig = try founded { $0.proposalByteCount = 64 << 10 }
        rig.isDiskSlow = true
        let client = rig.connect()
        _ = rig.run([["SET", "{b}", "1"]], on: client)
        _ = rig.run((0..<10_000).map { _ in ["GET", "{b}"] }, on: client)
        #expect(rig.counters().boundReads < 5000)
        rig.isDiskSlow = false
        rig.finishDisk()
        rig.advance(milliseconds: 50)
        #expect(
            rig.takeReceived(client.id)
                == "+OK\r\n" + String(repeating: "$1\r\n1\r\n", count: 10_000))
    }

    @Test("a connection is owed no more replies than it may be", arguments: [1, 2])
    func owedReplies(loops: Int) throws {
        let rig = try LoopRig(folders: (0..<loops).map { _ in MemoryFolder() }) {
            $0.owedReplyCount = 100
            $0.forwardedByteCount = 1000
        }
        rig.found()
        let client = rig.connect()
        let commands = (0..<1000).flatMap { [["SET", "k\($0)", "v"], ["GET", "k\($0)"]] }
        rig.isDiskSlow = true
        _ = rig.run(commands, on: client)
        #expect(rig.counters().commands <= 120)
        rig.isDiskSlow = false
        rig.finishDisk()
        rig.advance(milliseconds: 1000)
        #expect(
            rig.takeReceived(client.id)
                == String(repeating: "+OK\r\n$1\r\nv\r\n", count: 1000))
    }

    @Test(
        "a clean stop is the journal's last word, with a write in flight",
        arguments: [
            Durability.sync, .periodic,
        ])
    func cleanStop(durability: Durability) throws {
        let rig = try LoopRig(durability: durability)
        rig.found()
        rig.isDiskSlow = true
        let client = rig.connect()
        #expect(rig.run([["SET", "a", "1"]], on: client) == "")
        #expect(rig.run([["SET", "b", "1"]], on: client) == "")
        rig.stop()
        rig.advance(milliseconds: 20)
        rig.isDiskSlow = false
        rig.finishDisk()
        #expect(rig.takeReceived(client.id) == "+OK\r\n+OK\r\n")
        rig.advance(milliseconds: 100)
        let recovery = try Journal.recover(
            from: rig.folders[0],
            settings: JournalSettings(segmentByteCount: 1 << 16, durability: durability),
            bootID: 2, seed: 9, now: rig.now)
        #expect(recovery.wasCleanStop)
    }

    @Test("waiting for something else does not count as waiting for a leader")
    func parkTimes() throws {
        let rig = try ClusterRig { _, settings in settings.unknownMilliseconds = 2000 }
        let client = rig.connect(0)
        // The write stays open for longer than a request may wait for a leader.
        rig.delivers = { from, to, _ in from != 0 && to != 0 }
        #expect(rig.send("SET {b} 1\r\nDBSIZE\r\nGET {b}\r\n", on: client) == "")
        rig.advance(milliseconds: 2100)
        let early = rig.take(client)
        #expect(early.hasPrefix("-UNCERTAIN "))
        #expect(!early.contains("CLUSTERDOWN"), "\(early)")
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 500)
        #expect(rig.take(client).hasPrefix("-MOVED "))
    }
}
