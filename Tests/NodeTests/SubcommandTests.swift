import Node
import Primitives
import Testing

@Suite("Subcommands with keys, and keys that are counted") struct SubcommandTests {
    private func founded(loops: Int) throws -> LoopRig {
        let rig = try LoopRig(folders: (0..<loops).map { _ in MemoryFolder() }, durability: .sync)
        rig.found()
        return rig
    }

    @Test("a subcommand reads its own place in a pipeline", arguments: [1, 2])
    func ownPlace(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        let replies = rig.run(
            [
                ["SET", "k", "word"], ["OBJECT", "ENCODING", "k"], ["SET", "k", "1"],
                ["OBJECT", "ENCODING", "k"], ["OBJECT", "REFCOUNT", "other"],
            ], on: client)
        #expect(replies == "+OK\r\n$6\r\nembstr\r\n+OK\r\n$3\r\nint\r\n$-1\r\n")
        // Behind no write of its own it is served under the lease.
        #expect(rig.run([["OBJECT", "ENCODING", "k"]], on: client) == "$3\r\nint\r\n")
        #expect(rig.run([["OBJECT", "REFCOUNT", "k"]], on: client) == ":1\r\n")
    }

    @Test("a subcommand finds that a key has ended") func expiry() throws {
        let rig = try founded(loops: 1)
        let client = rig.connect()
        #expect(rig.run([["SET", "a", "1", "PX", "50"]], on: client) == "+OK\r\n")
        rig.advance(milliseconds: 60)
        #expect(rig.run([["OBJECT", "ENCODING", "a"]], on: client) == "$-1\r\n")
    }

    @Test("a subcommand without a lease waits for a round, and other nodes redirect it")
    func round() throws {
        let rig = try ClusterRig { _, settings in settings.raft.leaseMilliseconds = 0 }
        let leader = try #require(rig.leader(of: 1))
        let client = rig.connect(leader)
        #expect(rig.run([["SET", "{b}", "1"]], on: client) == "+OK\r\n")
        #expect(rig.run([["OBJECT", "ENCODING", "{b}"]], on: client) == "$3\r\nint\r\n")
        let other = rig.connect((leader + 1) % 3)
        #expect(rig.run([["OBJECT", "ENCODING", "{b}"]], on: other).hasPrefix("-MOVED "))
        #expect(rig.run([["OBJECT", "HELP"]], on: other).hasPrefix("*11\r\n+OBJECT"))
    }

    @Test("what is wrong with a subcommand is said as Redis says it") func errors() throws {
        let rig = try founded(loops: 1)
        let replies = rig.run(
            [["OBJECT"], ["OBJECT", "ENCODING"], ["OBJECT", "COLOUR", "k"]], on: rig.connect())
        #expect(
            replies == "-ERR wrong number of arguments for 'object' command\r\n"
                + "-ERR wrong number of arguments for 'object|encoding' command\r\n"
                + "-ERR unknown subcommand 'COLOUR'. Try OBJECT HELP.\r\n")
    }

    @Test("counted keys are routed by their slots, and a wrong count is the command's to refuse")
    func counted() throws {
        let rig = try founded(loops: 2)
        let client = rig.connect()
        let replies = rig.run(
            [
                ["MSETEX", "2", "{k}a", "1", "{k}b", "2"], ["MSETEX", "2", "a", "1", "b", "2"],
                ["MSETEX", "1", "a", "1", "b", "2"], ["MSETEX", "3", "a", "1", "b", "2"],
                ["MSETEX", "x", "a", "1"], ["GET", "{k}b"],
            ], on: client)
        #expect(
            replies == ":1\r\n-CROSSSLOT Keys in request don't hash to the same slot\r\n"
                + "-ERR syntax error\r\n-ERR wrong number of key-value pairs\r\n"
                + "-ERR invalid numkeys value\r\n$1\r\n2\r\n")
    }
}
