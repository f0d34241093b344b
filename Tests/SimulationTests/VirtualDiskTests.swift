import Primitives
import Simulation
import Testing

@Suite struct VirtualDiskTests {
    private static let size = 4 * VirtualFile.sectorByteCount

    private func disk(seed: UInt64 = 1) -> VirtualDisk {
        VirtualDisk(
            speed: DiskSpeed(syncMean: .milliseconds(1), stallPercent: 0), seed: seed)
    }

    private func run(_ disk: inout VirtualDisk, _ operations: DiskOperation...) {
        for operation in operations {
            disk.submit(operation)
            #expect(disk.begin() != nil)
            #expect(disk.finish(now: 1) == .done)
        }
    }

    private func block(_ byte: UInt8, _ count: Int = size) -> [UInt8] {
        Array(repeating: byte, count: count)
    }

    @Test("does one operation at a time, in order")
    func order() {
        var disk = disk()
        disk.submit(.create(name: "a", byteCount: 8))
        disk.submit(.write(name: "a", offset: 2, bytes: [7], isSynced: false))
        #expect(disk.begin() != nil)
        #expect(disk.begin() == nil)
        #expect(disk.read("a") == nil)
        #expect(disk.finish(now: 1) == .done)
        #expect(disk.read("a") == block(0, 8))
        #expect(disk.begin() != nil)
        #expect(disk.finish(now: 1) == .done)
        #expect(disk.read("a") == [0, 0, 7, 0, 0, 0, 0, 0])
    }

    @Test("what was synced survives any power cut", arguments: UInt64(1)...20)
    func syncedSurvives(seed: UInt64) {
        var disk = disk(seed: seed)
        run(
            &disk, .create(name: "a", byteCount: Self.size),
            .write(name: "a", offset: 0, bytes: block(1), isSynced: true))
        disk.losePower(.everything, now: 1)
        #expect(disk.read("a") == block(1))
        run(&disk, .write(name: "a", offset: 0, bytes: block(2), isSynced: false))
        run(&disk, .sync(name: "a"))
        disk.losePower(.sectors(keptPercent: 10), now: 1)
        #expect(disk.read("a") == block(2))
    }

    @Test("a crash of the process alone loses nothing that was written")
    func processCrash() {
        var disk = disk()
        run(
            &disk, .create(name: "a", byteCount: Self.size),
            .write(name: "a", offset: 0, bytes: block(1), isSynced: false))
        disk.submit(.write(name: "a", offset: 0, bytes: block(2), isSynced: false))
        disk.crashProcess(now: 1)
        #expect(disk.read("a") == block(1))
        #expect(disk.queueCount == 0)
        #expect(disk.hasUnsyncedWrites)
    }

    @Test("a power cut after a process crash loses what was never synced")
    func crashThenPowerCut() {
        var disk = disk()
        run(
            &disk, .create(name: "a", byteCount: Self.size),
            .write(name: "a", offset: 0, bytes: block(1), isSynced: false))
        disk.crashProcess(now: 1)
        disk.losePower(.everything, now: 1)
        #expect(disk.read("a") == block(0))
    }

    @Test("unsynced writes are kept or lost by sector, in no order")
    func torn() {
        var sawTorn = false
        var sawReordered = false
        for seed in UInt64(1)...60 {
            var disk = disk(seed: seed)
            run(
                &disk, .create(name: "a", byteCount: Self.size),
                .write(name: "a", offset: 0, bytes: block(1), isSynced: false),
                .write(name: "a", offset: 0, bytes: block(2), isSynced: false))
            disk.losePower(.sectors(keptPercent: 50), now: 1)
            guard let content = disk.read("a") else {
                Issue.record("the file is gone")
                continue
            }
            var sectors: [UInt8] = []
            for start in stride(from: 0, to: Self.size, by: VirtualFile.sectorByteCount) {
                let sector = content[start..<start + VirtualFile.sectorByteCount]
                let first = sector[start]
                #expect(sector.allSatisfy { $0 == first }, "a sector is written whole or not")
                sectors.append(first)
            }
            if sectors.contains(0), sectors.contains(2) { sawTorn = true }
            if sectors.contains(1), sectors.contains(2) { sawReordered = true }
        }
        #expect(sawTorn && sawReordered)
    }

    @Test("a lost tail keeps the writes before it")
    func tail() {
        var keptCounts: [Int] = []
        for seed in UInt64(1)...40 {
            var disk = disk(seed: seed)
            run(&disk, .create(name: "a", byteCount: 64 * VirtualFile.sectorByteCount))
            for sector in 0..<8 {
                run(
                    &disk,
                    .write(
                        name: "a", offset: sector * VirtualFile.sectorByteCount,
                        bytes: block(9, VirtualFile.sectorByteCount), isSynced: false))
            }
            disk.losePower(.tail, now: 1)
            let content = disk.read("a") ?? []
            let kept = (0..<8).map { content[$0 * VirtualFile.sectorByteCount] == 9 }
            let count = kept.count { $0 }
            #expect(kept.prefix(count).allSatisfy { $0 })
            keptCounts.append(count)
        }
        #expect(keptCounts.contains(0) && keptCounts.contains(8))
    }

    @Test("an operation under way at a crash is done in part, those behind it not at all")
    func interrupted() {
        var counts: [Int] = []
        for seed in UInt64(1)...40 {
            var disk = disk(seed: seed)
            run(&disk, .create(name: "a", byteCount: Self.size))
            disk.submit(.write(name: "a", offset: 0, bytes: block(1), isSynced: true))
            disk.submit(.replace(name: "b", bytes: [1]))
            #expect(disk.begin() != nil)
            disk.crashProcess(now: 1)
            #expect(disk.read("b") == nil)
            counts.append((disk.read("a") ?? []).count { $0 == 1 })
        }
        #expect(counts.contains { $0 > 0 && $0 < Self.size })
    }

    @Test("replacing a file is atomic", arguments: UInt64(1)...20)
    func atomic(seed: UInt64) {
        var disk = disk(seed: seed)
        run(&disk, .replace(name: "a", bytes: [1, 1, 1]))
        disk.submit(.replace(name: "a", bytes: [2, 2]))
        #expect(disk.begin() != nil)
        disk.losePower(.everything, now: 1)
        #expect(disk.read("a") == [1, 1, 1] || disk.read("a") == [2, 2])
    }

    @Test("renaming replaces what has the name and keeps the old bytes")
    func rename() {
        var disk = disk()
        run(
            &disk, .replace(name: "a", bytes: [1]), .replace(name: "b", bytes: [2]),
            .rename(from: "a", to: "b"))
        #expect(disk.fileNames == ["b"])
        #expect(disk.read("b") == [1])
    }

    @Test("a removed file may be back after a power cut, unless the directory was synced")
    func removal() {
        var cameBack = 0
        for seed in UInt64(1)...30 {
            var unsynced = disk(seed: seed)
            run(&unsynced, .replace(name: "a", bytes: [1]), .remove(name: "a"))
            #expect(unsynced.fileNames.isEmpty)
            unsynced.losePower(.nothing, now: 1)
            cameBack += unsynced.fileNames.count
            var synced = disk(seed: seed)
            run(
                &synced, .replace(name: "a", bytes: [1]), .remove(name: "a"),
                .replace(name: "b", bytes: []))
            synced.losePower(.nothing, now: 1)
            #expect(synced.fileNames == ["b"])
        }
        #expect((1..<30).contains(cameBack))
    }

    @Test(
        "a failed sync leaves an unknown part of what was pending, nothing is done after it, and a new process's syncs work"
    )
    func failedSync() {
        var keptSome = false
        var lostSome = false
        for seed in UInt64(1)...40 {
            var disk = disk(seed: seed)
            run(&disk, .create(name: "a", byteCount: Self.size))
            disk.failsNextSync = true
            disk.submit(.write(name: "a", offset: 0, bytes: block(1), isSynced: true))
            #expect(disk.begin() != nil)
            #expect(disk.finish(now: 1) == .failed)
            #expect(!disk.hasUnsyncedWrites)
            disk.submit(.replace(name: "b", bytes: [1]))
            #expect(disk.begin() != nil)
            #expect(disk.finish(now: 1) == .failed, "what follows may rely on it")
            disk.submit(.replace(name: "b", bytes: [1]))
            #expect(disk.begin() != nil)
            disk.crashProcess(now: 1)
            #expect(disk.fileNames == ["a"])
            let kept = (disk.read("a") ?? []).count { $0 == 1 }
            if kept > 0 { keptSome = true }
            if kept < Self.size { lostSome = true }
            run(&disk, .write(name: "a", offset: 0, bytes: block(2), isSynced: true))
            disk.losePower(.everything, now: 1)
            #expect(disk.read("a") == block(2))
        }
        #expect(keptSome && lostSome)
    }

    @Test("what waits for the disk takes about its speed, and stalls make it slow")
    func speed() {
        var generator = SeededGenerator(seed: 1)
        let write = DiskOperation.write(name: "a", offset: 0, bytes: [1], isSynced: true)
        let cached = DiskOperation.write(name: "a", offset: 0, bytes: [1], isSynced: false)
        let normal = DiskSpeed(syncMean: .milliseconds(2), stallPercent: 0)
        let stalling = DiskSpeed(syncMean: .milliseconds(2), stallPercent: 100)
        var sum: UInt64 = 0
        for _ in 0..<1_000 {
            sum += normal.duration(of: write, generator: &generator)
            #expect(normal.duration(of: cached, generator: &generator) < .microseconds(10))
            #expect(stalling.duration(of: write, generator: &generator) >= .milliseconds(100))
        }
        #expect((UInt64.microseconds(1_800)...(.microseconds(2_200))).contains(sum / 1_000))
    }

    @Test("knows how old its oldest unsynced write is")
    func oldest() {
        var disk = disk()
        run(&disk, .create(name: "a", byteCount: 8))
        #expect(disk.oldestUnsyncedTime == nil)
        for time in [UInt64(5), 9] {
            disk.submit(.write(name: "a", offset: 0, bytes: [1], isSynced: false))
            #expect(disk.begin() != nil)
            #expect(disk.finish(now: time) == .done)
        }
        #expect(disk.oldestUnsyncedTime == 5)
        run(&disk, .sync(name: "a"))
        #expect(disk.oldestUnsyncedTime == nil)
    }

    @Test("a wiped disk is empty")
    func wipe() {
        var disk = disk()
        run(&disk, .replace(name: "a", bytes: [1]))
        disk.submit(.remove(name: "a"))
        disk.wipe()
        #expect(disk.fileNames.isEmpty)
        #expect(disk.queueCount == 0)
    }

    // MARK: Damage

    private func lose(_ disk: inout VirtualDisk, _ names: String...) -> LostWrite? {
        disk.loseWrite(in: names)
    }

    /// A disk with a file of six synced writes, of the bytes 1 to 6.
    private func written(seed: UInt64) -> VirtualDisk {
        var disk = disk(seed: seed)
        run(&disk, .create(name: "a", byteCount: 8 * VirtualFile.sectorByteCount))
        for number in 0..<6 {
            run(
                &disk,
                .write(
                    name: "a", offset: number * VirtualFile.sectorByteCount,
                    bytes: block(UInt8(number + 1), VirtualFile.sectorByteCount), isSynced: true))
        }
        return disk
    }

    private func differences(_ left: [UInt8]?, _ right: [UInt8]?) -> [Int] {
        zip(left ?? [], right ?? []).enumerated().filter { $0.1.0 != $0.1.1 }.map(\.0)
    }

    @Test("one byte rots for good, and never one of the newest write", arguments: UInt64(1)...20)
    func rot(seed: UInt64) throws {
        let sound = written(seed: seed)
        var disk = sound
        let found = disk.rot(in: ["a"])
        let place = try #require(found)
        disk.losePower(.nothing, now: 1)
        #expect(differences(disk.read("a"), sound.read("a")) == [place.offset])
        #expect(place.offset < 5 * VirtualFile.sectorByteCount)
        let none = disk.rot(in: [])
        #expect(none == nil)
    }

    @Test("a lost write leaves what was there, and is never the newest", arguments: UInt64(1)...20)
    func lostWrite(seed: UInt64) throws {
        let sound = written(seed: seed)
        var disk = sound
        let found = disk.loseWrite(in: ["a"])
        let lost = try #require(found)
        disk.losePower(.nothing, now: 1)
        let range = lost.offset..<lost.offset + VirtualFile.sectorByteCount
        #expect(differences(disk.read("a"), sound.read("a")) == Array(range))
        #expect(disk.read("a")?[range].allSatisfy { $0 == 0 } == true)
        #expect(lost.bytes.allSatisfy { $0 != 0 && $0 != 6 })
    }

    @Test("what was written anew, or replaced by another file, is not lost")
    func provable() {
        var disk = disk()
        run(&disk, .create(name: "a", byteCount: Self.size))
        #expect(lose(&disk, "a") == nil)
        run(&disk, .write(name: "a", offset: 0, bytes: [1], isSynced: true))
        #expect(lose(&disk, "a") == nil)
        run(&disk, .write(name: "a", offset: 0, bytes: [2], isSynced: true))
        #expect(lose(&disk, "a") == nil)
        run(&disk, .replace(name: "h", bytes: [7]))
        #expect(lose(&disk, "h") == nil)
        run(&disk, .replace(name: "h", bytes: [8]), .rename(from: "a", to: "b"))
        #expect(lose(&disk, "a", "b") == nil)
        let lost = lose(&disk, "h")
        #expect(lost?.name == "h" && lost?.offset == 0 && lost?.bytes == [8])
        #expect(disk.read("h") == [7])
    }

    @Test("a write lands on a sector, and not on the newest write", arguments: UInt64(1)...20)
    func misplaced(seed: UInt64) throws {
        let sound = written(seed: seed)
        var disk = sound
        let found = disk.misplace(block(9, VirtualFile.sectorByteCount), in: ["a"])
        let place = try #require(found)
        #expect(place.offset % VirtualFile.sectorByteCount == 0)
        let range = place.offset..<place.offset + VirtualFile.sectorByteCount
        #expect(differences(disk.read("a"), sound.read("a")) == Array(range))
        #expect(place.offset != 5 * VirtualFile.sectorByteCount)
    }
}
