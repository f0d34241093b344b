import Node
import Primitives
import Testing

@Suite("Full disks") struct FullDiskTests {
    private static let value = String(repeating: "v", count: 2000)

    private func isRefused(_ reply: String) -> Bool {
        reply.hasPrefix("-MISCONF Errors writing to the journal: No space left on device")
    }

    // MARK: A node alone

    /// A node of its own that has refused a write for want of room, and how many it took before.
    private func full(
        _ adjust: (inout LoopSettings) -> Void = { _ in }
    ) throws -> (rig: LoopRig, client: (loop: Int, id: ConnectionID), count: Int) {
        let rig = try LoopRig(adjust: adjust)
        rig.found()
        let client = rig.connect()
        rig.isDiskFull = true
        // Where a file system can't set room aside.
        rig.folders[0].reservedByteCount = 0
        for count in 0..<60 {
            let reply = rig.run([["SET", "{b}\(count)", Self.value]], on: client)
            if isRefused(reply) { return (rig, client, count) }
            #expect(reply == "+OK\r\n")
        }
        Issue.record("60 writes of 2000 bytes fit on a full disk")
        return (rig, client, 60)
    }

    @Test("refuse writes, let reads go on, and end by themselves")
    func alone() throws {
        let (rig, client, count) = try full()
        #expect(count > 10)
        #expect(isRefused(rig.run([["DEL", "{b}0"]], on: client)))
        #expect(isRefused(rig.run([["FLUSHALL"]], on: client)))
        #expect(rig.run([["STRLEN", "{b}0"]], on: client) == ":2000\r\n")
        // A write that changes nothing needs no room.
        #expect(rig.run([["SET", "{b}0", "x", "NX"]], on: client) == "$-1\r\n")
        #expect(rig.run([["INFO", "persistence"]], on: client).contains("martlet_disk:full\r\n"))
        rig.advance(milliseconds: 5000)
        #expect(isRefused(rig.run([["SET", "{b}", "x"]], on: client)))
        rig.isDiskFull = false
        rig.advance(milliseconds: 300)
        #expect(rig.run([["SET", "{b}", "x"]], on: client) == "+OK\r\n")
        #expect(rig.run([["INFO", "persistence"]], on: client).contains("martlet_disk:ok\r\n"))
    }

    @Test("lose nothing that was acknowledged, also when the node restarts while full")
    func restart() throws {
        let (rig, _, count) = try full()
        let again = try LoopRig(folders: rig.folders)
        again.advance(milliseconds: 2000)
        let client = again.connect()
        for number in 0..<count {
            #expect(again.run([["STRLEN", "{b}\(number)"]], on: client) == ":2000\r\n")
        }
    }

    @Test("a node that starts on one waits for room, if it has kept none", arguments: [0, 1 << 20])
    func start(reservedByteCount: Int) throws {
        let (rig, _, count) = try full()
        rig.folders[0].reservedByteCount = reservedByteCount
        let again = try LoopRig(folders: rig.folders, isDiskFull: true) {
            $0.parkMilliseconds = 100
        }
        #expect(again.run([["PING"]], on: again.connect()) == "+PONG\r\n")
        again.advance(milliseconds: 2000)
        let reply = again.run([["STRLEN", "{b}0"]], on: again.connect())
        #expect((reply == ":2000\r\n") == (reservedByteCount > 0))
        again.isDiskFull = false
        again.advance(milliseconds: 2000)
        #expect(again.run([["STRLEN", "{b}\(count - 1)"]], on: again.connect()) == ":2000\r\n")
    }

    @Test("what was taken in before is answered: done, unknown, or not done") func fates() throws {
        let rig = try LoopRig()
        rig.found()
        let client = rig.connect()
        let large = String(repeating: "w", count: 70_000)
        rig.folders[0].reservedByteCount = 0
        rig.isDiskSlow = true
        #expect(rig.run([["SET", "{b}1", "done"], ["GET", "{b}1"]], on: client) == "")
        // An entry that needs a file of its own, and one that waits for it.
        rig.finishDiskRequest()
        #expect(rig.takeReceived(client.id) == "+OK\r\n$4\r\ndone\r\n")
        #expect(rig.run([["SET", "{b}2", large]], on: client) == "")
        #expect(rig.run([["SET", "{b}3", "open"], ["GET", "{b}3"]], on: client) == "")
        rig.isDiskFull = true
        rig.isDiskSlow = false
        rig.finishDisk()
        rig.advance(milliseconds: 4000)
        #expect(rig.takeReceived(client.id) == "")
        rig.advance(milliseconds: 2000)
        let replies = rig.takeReceived(client.id)
        #expect(replies.hasPrefix("-UNCERTAIN "))
        #expect(replies.split(separator: "\r\n").dropFirst().allSatisfy { isRefused(String($0)) })
        #expect(replies.split(separator: "\r\n").count == 3)
        rig.isDiskFull = false
        rig.advance(milliseconds: 300)
        let reads = [["STRLEN", "{b}2"], ["EXISTS", "{b}3"]]
        #expect(rig.run(reads, on: client) == ":70000\r\n:0\r\n")
    }

    @Test("a snapshot that has no room is given up, and taken when there is some")
    func snapshot() throws {
        let rig = try LoopRig { settings in
            settings.snapshotLogByteCount = 4096
            settings.snapshotChunkByteCount = 256
            settings.snapshotSliceByteCount = 64
        }
        rig.found()
        let client = rig.connect()
        for number in 0..<20 {
            _ = rig.run([["SET", "{b}\(number)", "before"]], on: client)
        }
        rig.advance(milliseconds: 1500)
        let before = rig.counters().snapshotsTaken
        rig.isDiskFull = true
        // Where a file system can't set room aside.
        rig.folders[0].reservedByteCount = 0
        for number in 0..<10 {
            #expect(rig.run([["SET", "{b}\(number)", Self.value]], on: client) == "+OK\r\n")
        }
        rig.advance(milliseconds: 3000)
        #expect(rig.counters().snapshotsTaken == before)
        #expect(rig.folders[0].contents.keys.allSatisfy { !$0.name.hasSuffix(".part") })
        #expect(rig.run([["SET", "{b}1", "after"]], on: client) == "+OK\r\n", "the log has room")
        rig.isDiskFull = false
        rig.advance(milliseconds: 1500)
        #expect(rig.counters().snapshotsTaken > before)
        let hash = rig.stateHash(of: 1)
        let again = try LoopRig(folders: rig.folders)
        again.advance(milliseconds: 2000)
        #expect(again.stateHash(of: 1) == hash)
    }

    /// A node alone that has written four segments, and has no room since.
    private func longFull() throws -> (rig: LoopRig, client: (loop: Int, id: ConnectionID)) {
        let rig = try LoopRig { $0.snapshotSliceByteCount = 512 }
        rig.found()
        let client = rig.connect()
        for number in 0..<130 {
            #expect(rig.run([["SET", "{b}\(number % 9)", Self.value]], on: client) == "+OK\r\n")
        }
        rig.advance(milliseconds: 2000)
        rig.isDiskFull = true
        return (rig, client)
    }

    /// Writes 50 times a second.
    ///
    /// - Returns: How many of them were done.
    private func write(
        _ rig: LoopRig, on client: (loop: Int, id: ConnectionID), count: Int
    ) -> Int {
        (0..<count).count { number in
            rig.advance(milliseconds: 20)
            let reply = rig.run([["SET", "{b}\(number % 9)", Self.value]], on: client)
            #expect(reply == "+OK\r\n" || isRefused(reply))
            return reply == "+OK\r\n"
        }
    }

    @Test("leave room for snapshots, which make room for the log") func reserve() throws {
        let (rig, client) = try longFull()
        #expect(rig.folders[0].reservedByteCount > 20_000)
        #expect(rig.counters().snapshotsTaken == 0)
        // Many times what there is in segments.
        #expect(write(rig, on: client, count: 500) > 450)
        #expect(rig.counters().snapshotsTaken > 3)
        #expect(rig.folders[0].contents.keys.count < 12, "\(rig.folders[0].contents.keys)")
        let hash = rig.stateHash(of: 1)
        let again = try LoopRig(folders: rig.folders)
        again.advance(milliseconds: 2000)
        #expect(again.stateHash(of: 1) == hash)
    }

    @Test("a batch that no segment has room for gets one of its size from what is kept")
    func makeshift() throws {
        let (rig, client) = try longFull()
        for count in 1...3 {
            let value = String(repeating: "w", count: 40_000 + count)
            _ = rig.run([["SET", "{b}large", value]], on: client)
            rig.advance(milliseconds: 2000)
        }
        _ = rig.takeReceived(client.id)
        #expect(rig.run([["STRLEN", "{b}large"]], on: client) == ":40003\r\n")
        #expect(rig.counters().snapshotsTaken > 0)
        for _ in 0..<20 {
            rig.advance(milliseconds: 3000)
            #expect(write(rig, on: client, count: 5) > 0, "an only segment gets free, too")
        }
    }

    @Test("refuse writes when that room is used up, and it is kept again when there is some")
    func usedUp() throws {
        let (rig, client) = try longFull()
        let kept = rig.folders[0].reservedByteCount
        rig.folders[0].reservedByteCount = 0
        #expect(write(rig, on: client, count: 300) < 40)
        #expect(rig.counters().snapshotsTaken == 0)
        rig.isDiskFull = false
        rig.advance(milliseconds: 12_000)
        #expect(rig.run([["SET", "{b}", "x"]], on: client) == "+OK\r\n")
        #expect(rig.folders[0].reservedByteCount >= kept / 2)
        let info = rig.run([["INFO", "persistence"]], on: client)
        #expect(info.contains("martlet_snapshots_reserve:\(rig.folders[0].reservedByteCount)\r\n"))
    }

    // MARK: A node among others

    /// Three nodes with small segments, the first of which leads.
    private func cluster(_ adjust: @escaping (inout LoopSettings) -> Void = { _ in }) throws
        -> ClusterRig
    {
        let rig = try ClusterRig(segmentByteCount: 1 << 16) { _, settings in adjust(&settings) }
        rig.lead(0)
        return rig
    }

    /// Writes until a reply is none of success.
    private func fill(_ rig: ClusterRig, on client: ClusterRig.Client, limit: Int = 200) -> String {
        for count in 0..<limit {
            let reply = rig.run([["SET", "{b}\(count)", Self.value]], on: client)
            if reply != "+OK\r\n" { return reply }
        }
        return "+OK\r\n"
    }

    @Test("hand leaderships over, at once, and get none while full") func handover() throws {
        let rig = try cluster()
        rig.setDisk(of: 0, isFull: true)
        let client = rig.connect(0)
        _ = fill(rig, on: client)
        rig.advance(milliseconds: 50)
        _ = rig.take(client)
        let next = try #require(rig.leader(of: 1))
        #expect(next != 0)
        #expect(rig.run([["SET", "{b}", "x"]], on: client).hasPrefix("-MOVED "))
        #expect(rig.run([["SET", "{b}", "x"]], on: rig.connect(next)) == "+OK\r\n")
        #expect(rig.log(0).contains { $0.contains("the disk is full: make a segment: No space") })
        // Whoever leads next, it isn't the full node.
        rig.crash(next)
        rig.advance(milliseconds: 3000)
        #expect(rig.leader(of: 1) == 3 - next)
        rig.setDisk(of: 0)
        rig.advance(milliseconds: 500)
        rig.lead(0)
        #expect(rig.leader(of: 1) == 0)
        #expect(rig.run([["GET", "{b}"]], on: rig.connect(0)) == "$1\r\nx\r\n")
    }

    @Test("keep a follower from acknowledging, and it catches up when there is room")
    func follower() throws {
        let rig = try cluster { $0.cacheByteCount = 1 << 16 }
        rig.setDisk(of: 2, isFull: true)
        let client = rig.connect(0)
        #expect(fill(rig, on: client, limit: 150) == "+OK\r\n")
        rig.advance(milliseconds: 1000)
        let behind = try #require(rig.matchIndex(of: 2))
        let last = try #require(rig.matchIndex(of: 1))
        #expect(last - behind > 100)
        #expect(rig.inspect(2)?.term == rig.inspect(0)?.term)
        rig.setDisk(of: 2)
        rig.advance(milliseconds: 6000)
        #expect(rig.matchIndex(of: 2) == rig.matchIndex(of: 1))
        #expect(rig.stateHash(2) == rig.stateHash(0))
    }

    @Test("of a majority make the leader refuse writes, though it has room itself")
    func majority() throws {
        let rig = try cluster()
        rig.setDisk(of: 1, isFull: true)
        rig.setDisk(of: 2, isFull: true)
        let client = rig.connect(0)
        var reply = ""
        for count in 0..<200 where !reply.hasPrefix("-") {
            reply = rig.run([["SET", "{b}\(count)", Self.value]], on: client)
            rig.advance(milliseconds: 60)
        }
        #expect(isRefused(reply))
        #expect(rig.leader(of: 1) == 0)
        #expect(rig.run([["STRLEN", "{b}0"]], on: client) == ":2000\r\n")
        rig.setDisk(of: 1)
        rig.advance(milliseconds: 500)
        #expect(rig.run([["SET", "{b}", "x"]], on: client) == "+OK\r\n")
    }

    @Test("everywhere leave a cluster that can be read, with a new leader when one dies")
    func everywhere() throws {
        let rig = try cluster()
        for node in 0..<3 {
            rig.setDisk(of: node, isFull: true)
            rig.emptyReserve(of: node)
        }
        let client = rig.connect(0)
        _ = fill(rig, on: client)
        rig.advance(milliseconds: 2000)
        _ = rig.take(client)
        let leader = try #require(rig.leader(of: 1))
        let reader = rig.connect(leader)
        #expect(isRefused(rig.run([["SET", "{b}", "x"]], on: reader)))
        #expect(rig.run([["STRLEN", "{b}0"]], on: reader) == ":2000\r\n")
        rig.crash(leader)
        rig.advance(milliseconds: 6000)
        let next = try #require(rig.leader(of: 1))
        #expect(next != leader)
        #expect(rig.run([["STRLEN", "{b}0"]], on: rig.connect(next)) == ":2000\r\n")
        #expect(isRefused(rig.run([["SET", "{b}", "x"]], on: rig.connect(next))))
        for node in 0..<3 { rig.setDisk(of: node) }
        rig.advance(milliseconds: 1000)
        let last = try #require(rig.leader(of: 1))
        #expect(rig.run([["SET", "{b}", "x"]], on: rig.connect(last)) == "+OK\r\n")
    }
}
