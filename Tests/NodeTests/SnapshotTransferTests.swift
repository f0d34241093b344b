import Consensus
import Node
import Primitives
import Testing

@Suite("Snapshots between nodes") struct SnapshotTransferTests {
    /// A cluster whose node 2 lacks entries that the others no longer hold.
    private func lagging(
        havingHeard heardCount: Int = 0,
        _ adjust: @escaping (inout LoopSettings) -> Void = { _ in }
    ) throws -> ClusterRig {
        let rig = try ClusterRig { _, settings in
            settings.cacheByteCount = 4096
            settings.snapshotChunkByteCount = 1024
            adjust(&settings)
        }
        let client = rig.connect(0)
        let value = String(repeating: "v", count: 500)
        for number in 0..<heardCount {
            #expect(rig.run([["SET", "{b}\(number)", value]], on: client) == "+OK\r\n")
        }
        rig.advance(milliseconds: 100)
        rig.delivers = { from, to, _ in from != 2 && to != 2 }
        for number in 0..<60 {
            #expect(rig.run([["SET", "{b}\(number % 30)", value]], on: client) == "+OK\r\n")
        }
        rig.advance(milliseconds: 100)
        return rig
    }

    @Test("bring a follower to the leader's state") func catchUp() throws {
        let rig = try lagging()
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 1000)
        #expect(rig.counters(2).snapshotsInstalled >= 1)
        #expect(rig.stateHash(2) == rig.stateHash(0))
    }

    @Test("go on after a chunk or an acknowledgement is lost", arguments: [0, 1, 3, 7, 12])
    func lostChunk(place: Int) throws {
        let rig = try lagging()
        rig.delivers = { _, _, _ in true }
        var count = 0
        rig.deliversBulk = { _, _ in
            count += 1
            return count != place + 1
        }
        rig.advance(milliseconds: 6000)
        #expect(rig.stateHash(2) == rig.stateHash(0))
    }

    @Test("are acknowledged again when the leader has missed that one arrived")
    func lostAcceptance() throws {
        let rig = try lagging()
        rig.delivers = { from, _, message in
            if from == 2, case .appendAccepted = message.body { return false }
            return true
        }
        rig.advance(milliseconds: 1000)
        #expect(rig.stateHash(2) == rig.stateHash(0))
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 6000)
        #expect(rig.matchIndex(of: 2) == rig.inspect(0)?.appliedIndex)
        #expect(rig.counters(2).snapshotsInstalled <= 3)
    }

    @Test("begin anew when the follower restarts half-way") func restart() throws {
        let rig = try lagging()
        rig.delivers = { _, _, _ in true }
        var count = 0
        rig.deliversBulk = { _, _ in
            count += 1
            return count < 10
        }
        rig.advance(milliseconds: 200)
        rig.crash(2)
        try rig.start(2)
        rig.deliversBulk = { _, _ in true }
        rig.advance(milliseconds: 6000)
        #expect(rig.stateHash(2) == rig.stateHash(0))
    }

    @Test(
        "whose file is damaged on the leader's disk are taken anew",
        arguments: [0, 3, 20, 1500, -1], [false, true])
    func damaged(offset: Int, hasBegun: Bool) throws {
        let rig = try lagging()
        rig.deliversBulk = { _, _ in false }
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: hasBegun ? 300 : 100)
        if hasBegun {
            var count = 0
            rig.deliversBulk = { _, _ in
                count += 1
                return count <= 5
            }
            rig.advance(milliseconds: 1500)
        }
        let isThere = rig.changeSnapshots(on: 0) { bytes in
            if offset < 0 { bytes.removeLast(7) } else { bytes[offset] ^= 8 }
        }
        #expect(isThere)
        rig.deliversBulk = { _, _ in true }
        rig.advance(milliseconds: 6000)
        #expect(rig.counters(0).damagedSnapshots == 1)
        #expect(rig.log(0).contains { $0.contains("the snapshot is taken anew") })
        #expect(rig.stateHash(2) == rig.stateHash(0))
        // What was taken anew is what the leader starts from.
        rig.crash(0)
        try rig.start(0)
        rig.advance(milliseconds: 3000)
        #expect(rig.stateHash(0) == rig.stateHash(2))
    }

    @Test("take no more of the link than they may") func bandwidth() throws {
        let rig = try lagging { $0.snapshotTransferByteCount = 10_000 }
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 800)
        #expect((4_000...12_000).contains(rig.bulkByteCount))
        #expect(rig.counters(2).snapshotsInstalled == 0)
        rig.advance(milliseconds: 2500)
        #expect(rig.counters(2).snapshotsInstalled == 1)
        #expect(rig.stateHash(2) == rig.stateHash(0))
    }

    @Test("go on where the link broke, even if the leader has restarted", arguments: [false, true])
    func resumption(restarts: Bool) throws {
        let rig = try lagging { $0.snapshotTransferByteCount = 10_000 }
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 1000)
        let before = rig.bulkByteCount
        #expect(before > 5_000)
        rig.deliversBulk = { _, _ in false }
        if restarts {
            rig.crash(0)
            try rig.start(0)
            rig.advance(milliseconds: 1000)
            rig.lead(0)
        } else {
            rig.advance(milliseconds: 3000)
        }
        rig.deliversBulk = { _, _ in true }
        rig.advance(milliseconds: 5000)
        #expect(rig.counters(2).snapshotsInstalled == 1)
        #expect(rig.stateHash(2) == rig.stateHash(0))
        // Some 16 KB in all: far from twice.
        #expect(rig.bulkByteCount < 22_000)
    }

    @Test("leave nothing behind in the account of what the log holds") func heldBytes() throws {
        let rig = try lagging(havingHeard: 13) { $0.cacheByteCount = 24_000 }
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 3000)
        #expect(rig.counters(2).snapshotsInstalled >= 1)
        rig.lead(2)
        rig.lead(2, group: 2)
        // What node 1 misses is less than the cache holds: it needs no snapshot.
        rig.delivers = { from, to, _ in from != 1 && to != 1 }
        let client = rig.connect(2)
        let small = String(repeating: "s", count: 300)
        for number in 0..<4 {
            #expect(rig.run([["SET", "{b}\(number)", small]], on: client) == "+OK\r\n")
            rig.advance(milliseconds: 20)
        }
        let before = rig.counters(1).snapshotsInstalled
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 3000)
        #expect(rig.counters(1).snapshotsInstalled == before)
        #expect(rig.stateHash(1) == rig.stateHash(2))
    }

    @Test("a frame holds little more than one entry") func frameSize() throws {
        let rig = try ClusterRig()
        let client = rig.connect(0)
        let value = String(repeating: "v", count: 1 << 20)
        let commands = (0..<12).map { ["SET", $0 % 2 == 0 ? "{a}\($0)" : "{b}\($0)", value] }
        let replies = rig.run(commands, on: client)
        #expect(replies == String(repeating: "+OK\r\n", count: 12))
        #expect(rig.largestFrameByteCount < 10 << 20)
    }
}
