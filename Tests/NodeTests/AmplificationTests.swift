import Consensus
import Node
import Primitives
import Testing

/// A few bytes of request must not be able to stop a node, or all replicas of a shard, by what they ask for.
@Suite("Small requests for much") struct AmplificationTests {
    private func founded(adjust: (inout LoopSettings) -> Void) throws -> LoopRig {
        let rig = try LoopRig(adjust: adjust)
        rig.found()
        return rig
    }

    private func entryCount(_ rig: LoopRig) -> Int { rig.counters().entriesApplied }

    @Test(
        "writes that make much beside what they bring get entries of their own",
        arguments: [
            ("SETRANGE {a}t 60000 x", "SETRANGE {a}u 60000 x", ":60001\r\n"),
            ("COPY {a}s {a}t", "COPY {a}s {a}t REPLACE", ":1\r\n"),
            ("COPY {a}s {a}t", "COPY {a}s {a}u", ":1\r\n"),
        ])
    func alone(first: String, second: String, reply: String) throws {
        let rig = try founded { $0.proposalByteCount = 50_000 }
        let client = rig.connect()
        #expect(rig.run([["SETRANGE", "{a}s", "60000", "x"]], on: client) == ":60001\r\n")
        let before = entryCount(rig)
        let lines = [first, "COPY {a}none {a}t", "DEL {a}t", second]
        let replies = rig.run(lines.map { $0.split(separator: " ").map(String.init) }, on: client)
        #expect(replies == reply + ":0\r\n:1\r\n" + reply)
        #expect(entryCount(rig) - before == 3)
    }

    @Test(
        "strings that have no room for what is added get entries of their own",
        arguments: [["APPEND", "{a}1"], ["SETRANGE", "{a}1", "60000"]])
    func copiedToGrow(command: [String]) throws {
        let rig = try founded { $0.proposalByteCount = 50_000 }
        let client = rig.connect()
        let value = String(repeating: "v", count: 60_000)
        // More than the last granule of memory has room for.
        let added = String(repeating: "x", count: 20)
        let (first, second) = (command + [added], ["APPEND", "{a}2", added])
        for key in ["{a}1", "{a}2"] { _ = rig.run([["SET", key, value]], on: client) }
        func entries(of commands: [[String]]) -> Int {
            let before = entryCount(rig)
            _ = rig.run(commands, on: client)
            return entryCount(rig) - before
        }
        #expect(entries(of: [first, ["SET", "{a}3", "1"], second]) == 3)
        // There is room now.
        #expect(entries(of: [first, ["SET", "{a}3", "2"], second]) == 1)
        #expect(rig.run([["STRLEN", "{a}2"]], on: client) == ":60040\r\n")
    }

    @Test(
        "turns end early for what an entry makes or copies, not only for what it brings",
        arguments: [["SETRANGE", "60000", "x"], ["APPEND", String(repeating: "x", count: 20)]])
    func turns(command: [String]) throws {
        // 256 bytes cost as much as a command.
        let rig = try founded { $0.applyBatchCommandCount = 100 }
        let client = rig.connect()
        if command[0] == "APPEND" {
            let value = String(repeating: "v", count: 60_000)
            for key in ["{a}", "{b}"] { _ = rig.run([["SET", key, value]], on: client) }
        }
        rig.isDiskSlow = true
        // Two shards' entries, which are on disk at the same time.
        let commands = ["{a}", "{b}"].map { [command[0], $0] + command[1...] }
        #expect(rig.run(commands, on: client) == "")
        rig.isDiskSlow = false
        rig.startRecordingTurns()
        rig.finishDisk()
        let turns = rig.recordedTurns ?? []
        let applied = zip(turns, turns.dropFirst()).map { before, after in
            zip(before, after).reduce(0) { $0 + Int($1.1.rawValue - $1.0.rawValue) }
        }
        #expect(applied.reduce(0, +) == 2 && applied.max() == 1)
        let length = command[0] == "APPEND" ? 60_020 : 60_001
        #expect(rig.takeReceived(client.id) == String(repeating: ":\(length)\r\n", count: 2))
    }

    @Test("a read that works much leaves the turn to the others, and nobody is left waiting")
    func sharedTurns() throws {
        let rig = try founded { $0.turnWorkByteCount = 1 }
        let (greedy, other) = (rig.connect(), rig.connect())
        let texts = ["abcdefgh", "abxcdyefgzh"]
        _ = rig.run([["SET", "{a}1", texts[0]], ["SET", "{a}2", texts[1]]], on: greedy)
        let lcs = ["LCS", "{a}1", "{a}2"]
        let reply = "$8\r\nabcdefgh\r\n"
        let before = rig.counters().parked
        // The other's request comes in the turn that the first one has spent.
        rig.receive(Array(repeating: lcs, count: 5).map(resp).joined(), on: greedy)
        rig.receive(resp(["GET", "{a}1"]) + resp(lcs), on: other)
        rig.startRecordingTurns()
        rig.advance(milliseconds: 10)
        #expect(rig.takeReceived(greedy.id) == String(repeating: reply, count: 5))
        #expect(rig.takeReceived(other.id) == "$8\r\nabcdefgh\r\n" + reply)
        #expect(rig.counters().parked - before >= 2)
        // One of them in each turn at most.
        #expect((rig.recordedTurns?.count ?? 0) >= 6)
    }

    @Test("reads that work much are not done together behind a write of their connection")
    func behindWrite() throws {
        let rig = try founded { $0.turnWorkByteCount = 1 }
        let client = rig.connect()
        _ = rig.run([["SET", "{a}1", "abcd"], ["SET", "{a}2", "xabxcd"]], on: client)
        let lcs = Array(repeating: ["LCS", "{a}1", "{a}2"], count: 5)
        rig.startRecordingTurns()
        let replies = rig.run([["SET", "{a}3", "1"]] + lcs + [["GET", "{a}3"]], on: client)
        #expect(
            replies
                == "+OK\r\n" + String(repeating: "$4\r\nabcd\r\n", count: 5) + "$1\r\n1\r\n")
        #expect((rig.recordedTurns?.count ?? 0) >= 6)
    }

    @Test("an LCS with nothing looks at nothing, whatever it is compared with")
    func empty() throws {
        let rig = try founded { $0.turnWorkByteCount = 1 }
        let client = rig.connect()
        _ = rig.run([["SET", "{a}1", "abcd"], ["HSET", "{a}h", "f", "v"]], on: client)
        let compared = [
            ["LCS", "{a}1", "{a}2"], ["LCS", "{a}2", "{a}1", "LEN"], ["LCS", "{a}2", "{a}2"],
        ]
        #expect(rig.run(compared, on: client) == "$0\r\n\r\n:0\r\n$0\r\n\r\n")
        let refused = [["LCS", "{a}2", "{a}h"], ["LCS", "{a}h", "{a}1"]]
        let error = "-ERR The specified keys must contain string values\r\n"
        #expect(rig.run(refused, on: client) == error + error)
    }

    @Test("a reply that is too long is an error, and what follows is answered", arguments: [0, 1])
    func replies(loop: Int) throws {
        let rig = try LoopRig(folders: [MemoryFolder(), MemoryFolder()]) {
            $0.replyByteCount = 5000
        }
        rig.found()
        let client = rig.connect(loop: loop)
        let value = String(repeating: "x", count: 1000)
        #expect(rig.run([["SET", "{a}k", value]], on: client) == "+OK\r\n")
        let error = "-ERR the reply would have more than 5000 bytes\r\n"
        let whole = "$1000\r\n\(value)\r\n"
        let commands = [
            ["MGET"] + Array(repeating: "{a}k", count: 6), ["GET", "{a}k"],
            ["MGET"] + Array(repeating: "{a}k", count: 4),
        ]
        #expect(rig.run([commands[0]], on: client) == error)
        #expect(rig.run([commands[1]], on: client) == whole)
        #expect(
            rig.run([commands[2]], on: client)
                == "*4\r\n" + String(repeating: whole, count: 4))
        // Behind a write, and of a write.
        #expect(
            rig.run([["HSET", "{a}h", "f", value], commands[0]], on: client) == ":1\r\n" + error)
        let fields = Array(repeating: "f", count: 6)
        #expect(
            rig.run([["HGETEX", "{a}h", "PERSIST", "FIELDS", "6"] + fields], on: client) == error)
        #expect(
            rig.run(
                [
                    ["HGETEX", "{a}h", "EX", "100", "FIELDS", "6"] + fields,
                    ["HTTL", "{a}h", "FIELDS", "1", "f"],
                ], on: client)
                == "-ERR the write was done, and its reply would have more than 5000 bytes\r\n*1\r\n:100\r\n"
        )
        #expect(rig.run([commands[1]], on: client) == whole)
        // Of what no shard does alone.
        let keys = (0..<6).map { ["SET", "{a}\($0)\(value)", ""] }
        #expect(rig.run(keys, on: client) == String(repeating: "+OK\r\n", count: 6))
        let scan = ["SCAN", "0", "COUNT", "100"]
        #expect(rig.run([scan, ["PING"]], on: client) == error + "+PONG\r\n")
    }
}
