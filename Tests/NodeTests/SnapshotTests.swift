import Journal
import Node
import Primitives
import Testing

@Suite("Snapshots on a node's own disk") struct SnapshotTests {
    /// A node with some keys in group 1 and a snapshot of it half written.
    private static func halfWay(fault: NodeFault? = nil) throws -> LoopRig {
        let rig = try LoopRig { settings in
            settings.snapshotLogByteCount = 30_000
            settings.snapshotChunkByteCount = 128
            settings.snapshotSliceByteCount = 64
            settings.fault = fault
        }
        rig.found()
        rig.holdsSnapshots = true
        let client = rig.connect()
        let value = String(repeating: "v", count: 80)
        for number in 0..<320 {
            #expect(rig.run([["SET", "{b}s\(number)", value]], on: client) == "+OK\r\n")
        }
        for number in 0..<100 {
            #expect(rig.run([["HSET", "{b}h", "f\(number)", value]], on: client) == ":1\r\n")
        }
        rig.advance(milliseconds: 20)
        #expect(rig.counters().snapshotsTaken == 0)
        return rig
    }

    private static func partialFiles(of rig: LoopRig) -> [JournalFile] {
        rig.folders[0].contents.keys.filter { file in
            if case .partialSnapshot = file { true } else { false }
        }
    }

    /// Commands that do something else when they are applied to what they left.
    private static func change(_ rig: LoopRig) {
        let client = rig.connect()
        for number in stride(from: 0, to: 320, by: 20) {
            _ = rig.run([["APPEND", "{b}s\(number)", "x"]], on: client)
            if number % 60 == 0 { _ = rig.run([["DEL", "{b}s\(number)"]], on: client) }
            _ = rig.run([["HINCRBY", "{b}h", "n\(number)", "1"]], on: client)
            _ = rig.run([["HDEL", "{b}h", "f\(number / 4)"]], on: client)
            _ = rig.run([["INCR", "{b}new\(number % 4)"]], on: client)
        }
    }

    /// The state hash before and after a restart from the snapshot.
    private static func restart(_ rig: LoopRig) throws -> (before: UInt64?, after: UInt64?) {
        rig.holdsSnapshots = false
        rig.advance(milliseconds: 50)
        #expect(rig.counters().snapshotsTaken >= 1)
        let before = rig.stateHash(of: 1)
        let again = try LoopRig(folders: rig.folders)
        again.advance(milliseconds: 3000)
        return (before, again.stateHash(of: 1))
    }

    /// A node that has a whole snapshot of group 1, which was changed since.
    private static func stopped(changing change: (inout [UInt8]) -> Void) throws -> [MemoryFolder] {
        let rig = try halfWay()
        rig.holdsSnapshots = false
        rig.advance(milliseconds: 50)
        let file = rig.folders[0].contents.keys.last {
            if case .snapshot(GroupID(1), _) = $0 { true } else { false }
        }
        let snapshot = try #require(file)
        var bytes = try #require(rig.folders[0].contents[snapshot])
        change(&bytes)
        rig.folders[0].contents[snapshot] = bytes
        return rig.folders
    }

    @Test(
        "that are damaged are quarantined, through restarts, and the node serves the rest",
        arguments: [0, 5, 9, 13, 700])
    func damaged(offset: Int) throws {
        let folders = try Self.stopped { $0[offset] ^= 0x40 }
        for _ in 0..<2 {
            let rig = try LoopRig(folders: folders)
            rig.advance(milliseconds: 3000)
            let groups = rig.inspect().map(\.group)
            #expect(groups.contains(.directory) && groups.contains(GroupID(2)))
            #expect(!groups.contains(GroupID(1)))
        }
    }

    @Test("of a later version are refused, and nothing is given up") func newer() throws {
        let folders = try Self.stopped { bytes in
            bytes[0] += 1
            var checksum: [UInt8] = []
            checksum.append(littleEndian: crc32c(bytes.span.extracting(0..<11)))
            bytes.replaceSubrange(11..<15, with: checksum)
        }
        let before = folders[0].contents
        let failure = #expect(throws: LoopStartFailure.self) { try LoopRig(folders: folders) }
        guard case .newerSnapshot(GroupID(1), _)? = failure else {
            Issue.record("\(failure.map { "\($0)" } ?? "no failure")")
            return
        }
        #expect(folders[0].contents.keys == before.keys)
    }

    @Test("hold the state at their index, whatever is applied while they are taken")
    func consistency() throws {
        let rig = try Self.halfWay()
        Self.change(rig)
        let (before, after) = try Self.restart(rig)
        #expect(before != nil)
        #expect(before == after)
    }

    @Test("would be seen to miss a key that changed") func plantedBug() throws {
        let rig = try Self.halfWay(fault: .snapshotMissesChangedKey)
        Self.change(rig)
        let (before, after) = try Self.restart(rig)
        #expect(before != after)
    }

    @Test("a flush meanwhile is no part of it") func flush() throws {
        let rig = try Self.halfWay()
        let client = rig.connect()
        #expect(rig.run([["FLUSHALL"]], on: client) == "+OK\r\n")
        #expect(rig.run([["SET", "{b}s1", "new"]], on: client) == "+OK\r\n")
        let (before, after) = try Self.restart(rig)
        #expect(before == after)
    }

    @Test("half of one is ignored after a restart, and removed") func halfWritten() throws {
        let rig = try Self.halfWay()
        let before = rig.stateHash(of: 1)
        rig.folders[0].contents[.partialSnapshot(GroupID(1), LogIndex(30))] = [2, 1]
        let again = try LoopRig(folders: rig.folders)
        again.advance(milliseconds: 3000)
        #expect(again.stateHash(of: 1) == before)
        #expect(Self.partialFiles(of: again).isEmpty)
    }
}
