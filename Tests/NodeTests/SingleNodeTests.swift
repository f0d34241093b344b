import Node
import Primitives
import Testing

@Suite("A single node's loops") struct SingleNodeTests {
    private func founded(loops: Int = 1, durability: Durability = .sync) throws -> LoopRig {
        let rig = try LoopRig(
            folders: (0..<loops).map { _ in MemoryFolder() }, durability: durability)
        rig.found()
        return rig
    }

    @Test("serves a write and a read", arguments: [1, 2], [Durability.sync, .periodic])
    func writeAndRead(loops: Int, durability: Durability) throws {
        let rig = try founded(loops: loops, durability: durability)
        let client = rig.connect()
        #expect(rig.run([["SET", "a", "1"]], on: client) == "+OK\r\n")
        #expect(rig.run([["GET", "a"], ["GET", "b"]], on: client) == "$1\r\n1\r\n$-1\r\n")
    }

    @Test("a pipeline reads its own place", arguments: [1, 2]) func ownPlace(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        let replies = rig.run(
            [
                ["SET", "k", "1"], ["GET", "k"], ["SET", "k", "2"], ["GET", "other"],
                ["GET", "k"], ["INCR", "k"], ["GET", "k"],
            ], on: client)
        #expect(replies == "+OK\r\n$1\r\n1\r\n+OK\r\n$-1\r\n$1\r\n2\r\n:3\r\n$1\r\n3\r\n")
    }

    @Test("keeps no entries in memory, as there is nobody to send them to", arguments: [1, 2])
    func unshared(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        rig.isDiskSlow = true
        _ = rig.run((0..<20).map { ["SET", "k\($0)", "v"] }, on: client)
        #expect(rig.heldByteCount > 0)
        rig.isDiskSlow = false
        rig.finishDisk()
        rig.advance(milliseconds: 10)
        #expect(rig.heldByteCount == 0)
        _ = rig.takeReceived(client.id)
        let replies = rig.run([["INCRBY", "n", "2"], ["GET", "k7"]], on: client)
        #expect(replies == ":2\r\n$1\r\nv\r\n")
    }

    @Test("each read draws anew, behind a write of its own too", arguments: [false, true])
    func draws(behindWrite: Bool) throws {
        let rig = try founded()
        let client = rig.connect()
        _ = rig.run([["HSET", "h", "a", "1", "b", "2"]], on: client)
        var requests = (0..<40).map { _ in ["HRANDFIELD", "h"] }
        if behindWrite { requests.insert(["HSET", "h", "a", "1"], at: 0) }
        let replies = rig.run(requests, on: client)
        #expect(replies.contains("$1\r\na\r\n"))
        #expect(replies.contains("$1\r\nb\r\n"))
    }

    @Test("nothing is acknowledged before the disk has it") func waitsForDisk() throws {
        let rig = try founded()
        rig.isDiskSlow = true
        let client = rig.connect()
        #expect(rig.run([["SET", "a", "1"], ["PING"]], on: client) == "")
        rig.finishDisk()
        #expect(rig.takeReceived(client.id) == "+OK\r\n+PONG\r\n")
    }

    @Test("what was acknowledged is there after a restart") func restart() throws {
        let rig = try founded()
        let client = rig.connect()
        for number in 0..<200 {
            #expect(rig.run([["SET", "key:\(number)", "\(number)"]], on: client) == "+OK\r\n")
        }
        let again = try LoopRig(folders: rig.folders)
        again.advance(milliseconds: 1000)
        let reader = again.connect()
        for number in 0..<200 {
            let digits = "\(number)"
            #expect(
                again.run([["GET", "key:\(number)"]], on: reader)
                    == "$\(digits.count)\r\n\(digits)\r\n")
        }
    }

    @Test("a log that is snapshotted restarts with the same state") func snapshots() throws {
        let rig = try LoopRig { $0.snapshotLogByteCount = 4096 }
        rig.found()
        let client = rig.connect()
        for number in 0..<500 {
            _ = rig.run([["SET", "key:\(number % 50)", "\(number)"]], on: client)
            if number % 50 == 0 { rig.advance(milliseconds: 20) }
        }
        rig.advance(milliseconds: 200)
        #expect(rig.counters().snapshotsTaken > 2)
        let hashes = [1, 2].map { rig.stateHash(of: $0) }
        let again = try LoopRig(folders: rig.folders) { $0.snapshotLogByteCount = 4096 }
        again.advance(milliseconds: 1000)
        #expect([1, 2].map { again.stateHash(of: $0) } == hashes)
    }

    @Test("a snapshot whose record waits to be written is not taken again")
    func snapshotOnce() throws {
        let rig = try LoopRig { $0.snapshotLogByteCount = 4096 }
        rig.found()
        let client = rig.connect()
        rig.isDiskSlow = true
        let value = String(repeating: "v", count: 5000)
        for _ in 0..<9 {
            _ = rig.run([["SET", "{b}", value]], on: client)
            rig.finishDisk()
        }
        _ = rig.run([["SET", "{b}", "1"]], on: client)
        let before = rig.counters().snapshotsTaken
        rig.advance(milliseconds: 10)
        #expect(rig.waitingSnapshotRequestCount > 0)
        _ = rig.run([["SET", "{b}", "2"]], on: client)
        // The write that was in flight, then the snapshot's file; the next write is in flight.
        rig.finishDiskRequest()
        rig.finishSnapshotRequests()
        #expect(rig.counters().snapshotsTaken == before + 1)
        rig.advance(milliseconds: 50)
        #expect(rig.waitingSnapshotRequestCount == 0)
    }

    @Test("a malformed request closes that connection only") func malformed() throws {
        let rig = try founded()
        let bad = rig.connect()
        let good = rig.connect()
        #expect(
            rig.send("*1\r\nPING\r\n", on: bad)
                == "-ERR Protocol error: expected '$', got 'P'\r\n")
        #expect(rig.closed == [bad.id])
        #expect(rig.run([["PING"]], on: good) == "+PONG\r\n")
    }

    @Test("FLUSHALL and DBSIZE reach every shard", arguments: [1, 2]) func flush(loops: Int) throws
    {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        for number in 0..<20 { _ = rig.run([["SET", "k\(number)", "v"]], on: client) }
        #expect(rig.run([["DBSIZE"]], on: client) == ":20\r\n")
        #expect(
            rig.run([["FLUSHALL"], ["GET", "k1"], ["DBSIZE"]], on: client)
                == "+OK\r\n$-1\r\n:0\r\n")
    }

    @Test("SCAN answers every key", arguments: [1, 2]) func scan(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        for number in 0..<100 { _ = rig.run([["SET", "key\(number)", "v"]], on: client) }
        var cursor = "0"
        var found: [String] = []
        repeat {
            let lines = rig.run([["SCAN", cursor]], on: client).split(separator: "\r\n")
            cursor = String(lines[2])
            found += lines.filter { $0.hasPrefix("key") }.map(String.init)
        } while cursor != "0"
        #expect(found.sorted() == (0..<100).map { "key\($0)" }.sorted())
    }

    @Test("SCAN goes on over shards until it has looked at enough keys") func scanAll() throws {
        let rig = try founded()
        let client = rig.connect()
        for number in 0..<100 { _ = rig.run([["SET", "key\(number)", "v"]], on: client) }
        let reply = rig.run([["SCAN", "0", "COUNT", "1000"]], on: client)
        #expect(reply.hasPrefix("*2\r\n$1\r\n0\r\n*100\r\n"))
    }

    @Test("an expired key is gone, and so is its memory") func expiry() throws {
        let rig = try founded()
        let client = rig.connect()
        #expect(rig.run([["SET", "a", "1", "PX", "50"]], on: client) == "+OK\r\n")
        #expect(rig.run([["GET", "a"]], on: client) == "$1\r\n1\r\n")
        rig.advance(milliseconds: 60)
        #expect(rig.run([["GET", "a"]], on: client) == "$-1\r\n")
        rig.advance(milliseconds: 300)
        #expect(rig.run([["DBSIZE"]], on: client) == ":0\r\n")
    }
}
