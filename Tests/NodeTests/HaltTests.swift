import Consensus
import Node
import Primitives
import Testing

@Suite("A replica that died twice at one entry") struct HaltTests {
    /// A cluster with some keys in shard 1, and the entry that the marks are to name: the last one.
    private static func rig(
        _ adjust: @escaping (inout LoopSettings) -> Void = { _ in }
    ) throws -> (rig: ClusterRig, mark: [CrashMark]) {
        let rig = try ClusterRig { _, settings in adjust(&settings) }
        let client = rig.connect(0)
        for number in 0..<20 {
            #expect(rig.run([["SET", "{b}\(number)", "value"]], on: client) == "+OK\r\n")
        }
        rig.advance(milliseconds: 200)
        let marks = try (0..<3).map { node in
            let replica = try #require(rig.inspect(node))
            return CrashMark(
                group: GroupID(1), replica: replica.replica, index: replica.appliedIndex)
        }
        return (rig, marks)
    }

    private static func restart(_ rig: ClusterRig, _ node: Int, _ marks: [CrashMark]) throws {
        rig.crash(node)
        try rig.start(node, crashes: marks)
    }

    @Test(
        "goes there no third time, leaves the leadership to others, and its node's other shards go on"
    )
    func oneReplica() throws {
        let (rig, marks) = try Self.rig()
        try Self.restart(rig, 0, [marks[0], marks[0]])
        rig.advance(milliseconds: 3000)
        let halted = try #require(rig.inspect(0))
        #expect(halted.appliedIndex.next == marks[0].index)
        #expect(halted.commitIndex >= marks[0].index)
        #expect(
            rig.log(0).contains {
                $0.contains("group 1 is halted before entry \(marks[0].index) of group 1")
            })
        let leader = try #require(rig.leader(of: 1))
        #expect(leader != 0)
        let client = rig.connect(leader)
        #expect(rig.run([["SET", "{b}1", "more"]], on: client) == "+OK\r\n")
        rig.lead(0, group: 1)
        rig.advance(milliseconds: 2000)
        #expect(rig.leader(of: 1) != 0)
        rig.lead(0, group: 2)
        #expect(rig.leader(of: 2) == 0)
        #expect(rig.run([["SET", "a", "1"]], on: rig.connect(0)) == "+OK\r\n")
        // It still has its vote: with it and one other there is a majority.
        rig.crash(leader == 1 ? 2 : 1)
        rig.advance(milliseconds: 3000)
        let second = try #require(rig.leader(of: 1))
        #expect(second != 0)
        #expect(rig.run([["SET", "{b}2", "x"]], on: rig.connect(second)) == "+OK\r\n")
    }

    @Test("answers clients with the shard and the entry when it is so everywhere") func everywhere()
        throws
    {
        let (rig, marks) = try Self.rig()
        for node in 0..<3 { rig.crash(node) }
        for node in 0..<3 { try rig.start(node, crashes: [marks[node], marks[node]]) }
        rig.advance(milliseconds: 8000)
        let leader = try #require(rig.leader(of: 1))
        let client = rig.connect(leader)
        let refusal = "-MISCONF Shard 1 is halted at entry \(marks[0].index): "
        for command in [["GET", "{b}1"], ["SET", "{b}1", "x"], ["DEL", "{b}1"]] {
            #expect(rig.run([command], on: client).hasPrefix(refusal))
        }
        let other = try #require(rig.leader(of: 2))
        #expect(rig.run([["SET", "a", "1"]], on: rig.connect(other)) == "+OK\r\n")
        #expect(rig.run([["GET", "a"]], on: rig.connect(other)) == "$1\r\n1\r\n")
        rig.lead(leader, group: 2)
        let flush = rig.run([["FLUSHALL"]], on: client)
        #expect(flush.hasPrefix(refusal) || flush.hasPrefix("-UNCERTAIN"))
        // Once the marks are gone the log is applied, and nothing is missing.
        for node in 0..<3 { rig.crash(node) }
        for node in 0..<3 { try rig.start(node) }
        rig.advance(milliseconds: 3000)
        let next = try #require(rig.leader(of: 1))
        #expect(rig.run([["GET", "{b}19"]], on: rig.connect(next)) == "$5\r\nvalue\r\n")
    }

    @Test("goes there again after one death, or deaths of another replica or at another entry")
    func notTwice() throws {
        let (rig, marks) = try Self.rig()
        var earlier = marks[0]
        earlier.index = LogIndex(earlier.index.rawValue - 1)
        try Self.restart(rig, 0, [earlier, marks[1], marks[1], marks[0]])
        rig.advance(milliseconds: 2000)
        #expect(rig.inspect(0)?.appliedIndex == rig.inspect(1)?.appliedIndex)
        #expect(rig.log(0).contains { $0.contains("process ended while it applied entry") })
    }

    @Test("goes on behind it with a snapshot of another replica, once it can hold no more")
    func healed() throws {
        let (rig, marks) = try Self.rig { settings in
            settings.cacheByteCount = 4096
            settings.proposalByteCount = 4096
        }
        try Self.restart(rig, 2, [marks[2], marks[2]])
        rig.advance(milliseconds: 1000)
        let client = rig.connect(0)
        let value = String(repeating: "v", count: 500)
        for number in 0..<60 {
            #expect(rig.run([["SET", "{b}\(number % 30)", value]], on: client) == "+OK\r\n")
        }
        rig.advance(milliseconds: 6000)
        #expect(rig.counters(2).snapshotsInstalled >= 1)
        #expect(rig.stateHash(2) == rig.stateHash(0))
        rig.lead(2, group: 1)
        #expect(rig.run([["GET", "{b}1"]], on: rig.connect(2)).hasSuffix("\(value)\r\n"))
    }
}
