import Journal

/// A virtual disk as a journal's recovery reads it.
struct JournalFolder: JournalDisk {
    let disk: VirtualDisk

    func files() throws(DiskFailure) -> [JournalFile] {
        disk.fileNames.compactMap(JournalFile.init(name:))
    }

    func read(_ file: JournalFile) throws(DiskFailure) -> [UInt8] {
        guard let bytes = disk.read(file.name) else {
            throw DiskFailure(operation: "open \(file.name)", code: 2)
        }
        return bytes
    }
}

extension DiskOperation {
    /// What a journal's request asks of its disk.
    init(_ request: DiskRequest) {
        switch request {
        case .createSegment(let number, let byteCount):
            self = .create(name: JournalFile.segment(number).name, byteCount: byteCount)
        case .recycleSegment(let from, let to):
            self = .rename(from: JournalFile.segment(from).name, to: JournalFile.segment(to).name)
        case .write(let segment, let offset, let bytes, let isSynced):
            self = .write(
                name: JournalFile.segment(segment).name, offset: offset, bytes: bytes,
                isSynced: isSynced)
        case .sync(let segment): self = .sync(name: JournalFile.segment(segment).name)
        case .writeHead(let bytes): self = .replace(name: JournalFile.head.name, bytes: bytes)
        case .remove(let file): self = .remove(name: file.name)
        }
    }
}

extension DiskOperation {
    /// What a request for a snapshot file asks of its disk.
    init(_ request: SnapshotRequest) {
        switch request {
        case .begin(let group, let index):
            self = .create(name: JournalFile.partialSnapshot(group, index).name, byteCount: 0)
        case .append(let group, let index, let bytes):
            self = .append(name: JournalFile.partialSnapshot(group, index).name, bytes: bytes)
        case .finish(let group, let index):
            self = .publish(
                from: JournalFile.partialSnapshot(group, index).name,
                to: JournalFile.snapshot(group, index).name)
        case .discard(let group, let index):
            self = .discard(name: JournalFile.partialSnapshot(group, index).name)
        case .reserve(let byteCount): self = .reserve(byteCount: byteCount)
        case .giveReserve(let byteCount): self = .giveReserve(byteCount: byteCount)
        case .read(let group, let index, let offset, let byteCount):
            self = .read(
                name: JournalFile.snapshot(group, index).name, offset: offset,
                byteCount: byteCount)
        }
    }

    /// Whether this is what a request for a snapshot file asks.
    var isForSnapshots: Bool {
        switch self {
        case .create(let name, _):
            if case .partialSnapshot? = JournalFile(name: name) { true } else { false }
        case .append, .publish, .discard, .reserve, .giveReserve, .read: true
        case .rename, .write, .sync, .replace, .remove: false
        }
    }
}
