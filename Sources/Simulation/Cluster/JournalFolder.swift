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
        case .writeFile(let file, let bytes): self = .replace(name: file.name, bytes: bytes)
        case .remove(let file): self = .remove(name: file.name)
        }
    }
}
