import Node
import Primitives
import Testing

@Suite("Plain database 0 when it is sharded") struct ShardedDatabaseTests {
    /// Two loops, each with shards of its own.
    private static func rig() throws -> LoopRig {
        let rig = try LoopRig(folders: [MemoryFolder(), MemoryFolder()]) {
            $0.plainDatabaseZero = .sharded
        }
        rig.found()
        return rig
    }

    @Test("shows what the cluster listener shows, and the other databases are whole")
    func sameKeys() throws {
        let rig = try Self.rig()
        let (plain, clustered) = (rig.connect(.plain), rig.connect())
        #expect(rig.run([["SET", "a", "1"]], on: clustered) == "+OK\r\n")
        #expect(rig.run([["GET", "a"], ["INCR", "a"]], on: plain) == "$1\r\n1\r\n:2\r\n")
        let other = [["SELECT", "1"], ["GET", "a"], ["SELECT", "0"], ["GET", "a"]]
        #expect(rig.run(other, on: plain) == "+OK\r\n$-1\r\n+OK\r\n$1\r\n2\r\n")
        #expect(rig.run([["RESET"], ["GET", "a"]], on: plain) == "+RESET\r\n$1\r\n2\r\n")
    }

    @Test("a pipeline of commands in parts is answered in the turn in which it came")
    func pipeline() throws {
        let rig = try LoopRig { $0.plainDatabaseZero = .sharded }
        rig.found()
        let plain = rig.connect(.plain)
        #expect(rig.run([["MSET", "a", "1", "b", "2"]], on: plain) == "+OK\r\n")
        rig.startRecordingTurns()
        let replies = rig.run((0..<50).map { _ in ["MGET", "a", "b"] }, on: plain)
        #expect(replies == String(repeating: "*2\r\n$1\r\n1\r\n$1\r\n2\r\n", count: 50))
        #expect(rig.recordedTurns?.count ?? .max < 5)
    }

    @Test("commands on several keys are split by slot, and their replies put together")
    func splits() throws {
        let rig = try Self.rig()
        let plain = rig.connect(.plain)
        let names = (0..<100).map { "key\($0)" }
        let pairs = names.flatMap { [$0, "v" + $0] }
        #expect(rig.run([["MSET"] + pairs], on: plain) == "+OK\r\n")
        let values = names.map { "$\($0.count + 1)\r\nv\($0)\r\n" }.joined()
        #expect(rig.run([["MGET"] + names], on: plain) == "*100\r\n" + values)
        let mixed = [["HELLO", "3"], ["MGET", "key7", "none", "key7", "key3"]]
        #expect(
            rig.run(mixed, on: plain).hasSuffix(
                "*4\r\n$5\r\nvkey7\r\n_\r\n$5\r\nvkey7\r\n$5\r\nvkey3\r\n"))
        #expect(rig.run([["EXISTS"] + names + ["none", "key1"]], on: plain) == ":101\r\n")
        #expect(rig.run([["TOUCH"] + names], on: plain) == ":100\r\n")
        #expect(rig.run([["DEL", "none"] + names.prefix(30)], on: plain) == ":30\r\n")
        #expect(rig.run([["UNLINK"] + names.suffix(30) + ["key0"]], on: plain) == ":30\r\n")
        #expect(rig.run([["DBSIZE"]], on: plain) == ":40\r\n")
        #expect(
            rig.run([["MSET", "a", "1", "b"]], on: plain)
                == "-ERR wrong number of arguments for 'mset' command\r\n")
        #expect(rig.run([["DBSIZE"]], on: plain) == ":40\r\n")
    }

    @Test("an error of one part is the command's") func errors() throws {
        let rig = try Self.rig()
        let plain = rig.connect(.plain)
        #expect(
            rig.run([["HSET", "h", "f", "v"], ["SET", "s", "v"]], on: plain) == ":1\r\n+OK\r\n")
        #expect(rig.run([["MGET", "s", "h"]], on: plain) == "*2\r\n$1\r\nv\r\n$-1\r\n")
    }

    @Test(
        "what must be done as one needs one slot, and the error says what helps",
        arguments: [
            ["MSETNX", "a", "1", "b", "2"], ["RENAME", "a", "b"], ["COPY", "a", "b"],
            ["LCS", "a", "b"],
            ["MSETEX", "2", "a", "1", "b", "2"],
        ])
    func crossSlot(command: [String]) throws {
        let rig = try Self.rig()
        let reply = rig.run([command], on: rig.connect(.plain))
        #expect(reply.hasPrefix("-CROSSSLOT ") && reply.contains("{tag}key"))
        #expect(rig.run([command], on: rig.connect()).hasPrefix("-CROSSSLOT Keys in request don't"))
    }

    @Test("a pipeline's replies come in its order, split or not") func order() throws {
        let rig = try Self.rig()
        let plain = rig.connect(.plain)
        let replies = rig.run(
            [
                ["SET", "a", "1"], ["MSET", "a", "2", "b", "2"], ["GET", "a"], ["DEL", "a", "b"],
                ["GET", "b"], ["PING"],
            ], on: plain)
        #expect(replies == "+OK\r\n+OK\r\n$1\r\n2\r\n:2\r\n$-1\r\n+PONG\r\n")
    }

    @Test("walks go through all shards, of both loops") func walks() throws {
        let rig = try Self.rig()
        let plain = rig.connect(.plain)
        let names = (0..<200).map { "key\($0)" }
        _ = rig.run([["MSET"] + names.flatMap { [$0, "v"] }], on: plain)
        _ = rig.run([["SELECT", "3"], ["SET", "whole", "v"], ["SELECT", "0"]], on: plain)
        var found: Set<String> = []
        var cursor = "0"
        var pageCount = 0
        repeat {
            let page = rig.run([["SCAN", cursor, "COUNT", "15"]], on: plain)
                .split(separator: "\r\n").map(String.init)
            cursor = page[2]
            found.formUnion(page.dropFirst(4).filter { !$0.hasPrefix("$") })
            pageCount += 1
        } while cursor != "0" && pageCount < 100
        #expect(found == Set(names))
        #expect(pageCount > 10)
        let keys = rig.run([["KEYS", "*1*"]], on: plain).split(separator: "\r\n")
        #expect(keys[0] == "*\(names.filter { $0.contains("1") }.count)")
        let drawn = Set((0..<40).map { _ in rig.run([["RANDOMKEY"]], on: plain) })
        #expect(drawn.count > 5)
        #expect(drawn.allSatisfy { $0.contains("key") })
    }

    @Test("FLUSHDB empties the sharded database alone, FLUSHALL all") func flushing() throws {
        let rig = try Self.rig()
        let (plain, clustered) = (rig.connect(.plain), rig.connect())
        let fill = [
            ["MSET", "a", "1", "b", "1", "c", "1"], ["SELECT", "9"], ["SET", "k", "v"],
            ["SELECT", "0"],
        ]
        let state = [["DBSIZE"], ["SELECT", "9"], ["DBSIZE"], ["SELECT", "0"]]
        _ = rig.run(fill, on: plain)
        #expect(rig.run([["FLUSHDB"]] + state, on: plain) == "+OK\r\n:0\r\n+OK\r\n:1\r\n+OK\r\n")
        #expect(rig.run([["RANDOMKEY"], ["KEYS", "*"]], on: plain) == "$-1\r\n*0\r\n")
        _ = rig.run(fill, on: plain)
        #expect(rig.run([["FLUSHDB", "NOW"]], on: plain) == "-ERR syntax error\r\n")
        #expect(rig.run([["FLUSHALL"]] + state, on: plain) == "+OK\r\n:0\r\n+OK\r\n:0\r\n+OK\r\n")
        #expect(rig.run([["DBSIZE"]], on: clustered) == ":0\r\n")
    }
}
