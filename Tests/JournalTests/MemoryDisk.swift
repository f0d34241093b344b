import Journal
import Primitives

/// A disk in memory that forgets like a real one.
///
/// What is written goes to a cache. A sync stores it; until then the disk may store any sector at any
/// time, in any order, and a power cut loses the others. A process that is killed loses nothing that was
/// written.
struct MemoryDisk: JournalDisk {
    static let sectorByteCount = 512

    struct Write {
        var file: JournalFile
        var offset: Int
        var before: [UInt8]
        var after: [UInt8]
    }

    struct File {
        var cached: [UInt8]
        var stored: [UInt8]
    }

    private(set) var contents = SortedMap<JournalFile, File>()
    /// Files whose removal may not have reached the directory on disk.
    private var removed = SortedMap<JournalFile, [UInt8]>()
    private(set) var queue: [DiskRequest] = []
    /// Files that can't be read for now.
    var unreadable: [JournalFile] = []
    /// Whether their beginnings can be read all the same.
    var hasReadableBeginnings = false
    /// Files that are known to be damaged: they must not be recycled.
    var condemned: [JournalFile] = []
    /// The newest writes, oldest first, and what they replaced.
    private(set) var writes: [Write] = []
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    func files() throws(DiskFailure) -> [JournalFile] { contents.keys }

    func read(_ file: JournalFile) throws(DiskFailure) -> [UInt8] {
        guard !unreadable.contains(file) else {
            throw DiskFailure(operation: "read \(file)", code: 5)
        }
        guard let found = contents[file] else {
            throw DiskFailure(operation: "open \(file)", code: 2)
        }
        return found.cached
    }

    /// Gives less than it is asked for, so that segments are met whose beginning is not enough.
    func beginning(
        of file: JournalFile, byteCount: Int
    ) throws(DiskFailure) -> FileBeginning {
        var disk = self
        if hasReadableBeginnings { disk.unreadable = [] }
        let bytes = try disk.read(file)
        return FileBeginning(
            bytes: Array(bytes.prefix(min(byteCount, 600))), fileByteCount: bytes.count)
    }

    // MARK: Requests

    mutating func accept(_ requests: inout [DiskRequest]) {
        queue += requests
        requests.removeAll()
    }

    /// Does all that a journal asks for, until it asks for nothing more.
    mutating func carryOut(_ requests: inout [DiskRequest], of journal: inout Journal) {
        accept(&requests)
        while !queue.isEmpty {
            _ = step()
            journal.completed(into: &requests)
            accept(&requests)
        }
    }

    /// Finishes a snapshot's file, beside the requests.
    mutating func makeSnapshot(_ group: GroupID, _ index: LogIndex) {
        contents[.partialSnapshot(group, index)] = nil
        contents[.snapshot(group, index)] = File(cached: [1], stored: [1])
        removed.removeAll()
    }

    /// Begins a snapshot's file, or leaves it half done in a crash.
    mutating func beginSnapshot(_ group: GroupID, _ index: LogIndex) {
        contents[.partialSnapshot(group, index)] = File(cached: [], stored: [])
    }

    /// Whether the file is on its way to be removed.
    func isRemoving(_ file: JournalFile) -> Bool { queue.contains(.remove(file)) }

    /// Executes the oldest request.
    mutating func step() -> DiskRequest {
        let request = queue.removeFirst()
        execute(request)
        if generator.chance(percent: 20) { storeSomeSectors(percent: 30) }
        return request
    }

    private mutating func execute(_ request: DiskRequest) {
        switch request {
        case .createSegment(let sequence, let byteCount):
            let zeros = [UInt8](repeating: 0, count: byteCount)
            precondition(contents[.segment(sequence)] == nil, "segment \(sequence) is there")
            contents[.segment(sequence)] = File(cached: zeros, stored: zeros)
            removed.removeAll()
        case .recycleSegment(let old, let new):
            precondition(contents[.segment(new)] == nil, "segment \(new) is there")
            precondition(!condemned.contains(.segment(old)), "segment \(old) is damaged")
            guard let file = contents[.segment(old)] else {
                preconditionFailure("segment \(old) is not there")
            }
            contents[.segment(old)] = nil
            contents[.segment(new)] = file
            removed.removeAll()
        case .write(let sequence, let offset, let bytes, let sync):
            remember(bytes, at: offset, of: .segment(sequence))
            write(bytes, at: offset, to: .segment(sequence), sectorPercent: 100)
            if sync { store(.segment(sequence)) }
        case .sync(let sequence): store(.segment(sequence))
        case .writeHead(let bytes):
            contents[.head] = File(cached: bytes, stored: bytes)
            removed.removeAll()
        case .remove(let file):
            if let gone = contents[file] { removed[file] = gone.stored }
            contents[file] = nil
        }
    }

    /// Writes each sector that the bytes touch with a chance, which is certain but in a crash.
    private mutating func write(
        _ bytes: [UInt8], at offset: Int, to file: JournalFile, sectorPercent: Int
    ) {
        guard var target = contents[file] else { preconditionFailure("\(file) is not there") }
        precondition(offset + bytes.count <= target.cached.count, "\(file) is too short")
        var position = 0
        while position < bytes.count {
            let sectorEnd =
                ((offset + position) / Self.sectorByteCount + 1) * Self.sectorByteCount - offset
            let end = min(sectorEnd, bytes.count)
            if generator.chance(percent: sectorPercent) {
                target.cached.replaceSubrange(
                    offset + position..<offset + end, with: bytes[position..<end])
            }
            position = end
        }
        contents[file] = target
    }

    private mutating func remember(_ bytes: [UInt8], at offset: Int, of file: JournalFile) {
        guard let target = contents[file] else { return }
        let before = Array(target.cached[offset..<offset + bytes.count])
        writes.append(Write(file: file, offset: offset, before: before, after: bytes))
        if writes.count > 40 { writes.removeFirst() }
    }

    private mutating func store(_ file: JournalFile) {
        guard let found = contents[file] else { preconditionFailure("\(file) is not there") }
        contents[file] = File(cached: found.cached, stored: found.cached)
    }

    private mutating func storeSomeSectors(percent: Int) {
        for place in contents.values.indices {
            var file = contents[valueAt: place]
            guard file.cached != file.stored else { continue }
            for start in stride(from: 0, to: file.cached.count, by: Self.sectorByteCount) {
                let sector = start..<min(start + Self.sectorByteCount, file.cached.count)
                guard file.cached[sector] != file.stored[sector],
                    generator.chance(percent: percent)
                else { continue }
                file.stored.replaceSubrange(sector, with: file.cached[sector])
            }
            contents[valueAt: place] = file
        }
    }

    // MARK: Crashes

    /// Ends the process; the request under way is done in part, the others not at all.
    mutating func crash(powerCut: Bool) {
        if let current = queue.first { executePartly(current) }
        queue.removeAll()
        guard powerCut else { return }
        storeSomeSectors(percent: [0, 50, 90, 100][generator.below(4)])
        for place in contents.values.indices {
            contents[valueAt: place].cached = contents[valueAt: place].stored
        }
        for (file, bytes) in removed where contents[file] == nil {
            guard generator.chance(percent: 50) else { continue }
            contents[file] = File(cached: bytes, stored: bytes)
        }
        removed.removeAll()
    }

    private mutating func executePartly(_ request: DiskRequest) {
        switch request {
        case .createSegment(let sequence, let byteCount):
            let count = [0, byteCount / 3, byteCount][generator.below(3)]
            let zeros = [UInt8](repeating: 0, count: count)
            guard generator.chance(percent: 70) else { return }
            contents[.segment(sequence)] = File(cached: zeros, stored: zeros)
        case .write(let sequence, let offset, let bytes, _):
            let percent = [0, 50, 90, 100][generator.below(4)]
            write(bytes, at: offset, to: .segment(sequence), sectorPercent: percent)
        case .sync: storeSomeSectors(percent: 50)
        case .recycleSegment, .writeHead, .remove:
            if generator.chance(percent: 50) { execute(request) }
        }
    }

    // MARK: Damage

    /// Turns bits over in what is on disk.
    mutating func flip(_ file: JournalFile, at offset: Int, mask: UInt8) {
        guard var found = contents[file] else { preconditionFailure("\(file) is not there") }
        found.cached[offset] ^= mask
        found.stored[offset] ^= mask
        contents[file] = found
    }

    mutating func replace(_ file: JournalFile, with bytes: [UInt8]?) {
        contents[file] = bytes.map { File(cached: $0, stored: $0) }
    }

    /// Puts bytes over what is on disk, as far as the file goes.
    mutating func overwrite(_ file: JournalFile, at offset: Int, with bytes: [UInt8]) {
        guard var found = contents[file], offset < found.cached.count else { return }
        let range = offset..<min(offset + bytes.count, found.cached.count)
        found.cached.replaceSubrange(range, with: bytes.prefix(range.count))
        found.stored.replaceSubrange(range, with: bytes.prefix(range.count))
        contents[file] = found
    }
}
