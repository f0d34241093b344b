import Primitives

/// A write that is not where it was made any more.
package struct LostWrite: Equatable, Sendable {
    package var name: String
    package var offset: Int
    package var bytes: [UInt8]
}

/// What a disk may do to what it has confirmed. The newest write is spared: see ``ConfirmedWrites/last``.
extension VirtualDisk {
    /// A byte changes, in the cache too, among those of a file that have been written.
    ///
    /// - Parameter names: The files that it may be in.
    /// - Returns: Where it was; `nil` when nothing was to be found.
    package mutating func rot(in names: [String]) -> (name: String, offset: Int)? {
        let files = written(names)
        guard !files.isEmpty else { return nil }
        for _ in 0..<8 {
            let file = generator.choice(of: files)
            let offset = generator.below(file.byteCount)
            guard !isSpared(file.name, offset..<offset + 1), let old = read(file.name) else {
                continue
            }
            let mask = UInt8(1 + generator.below(255))
            update(file.name) { $0.overwrite(at: offset, with: [old[offset] ^ mask]) }
            return (file.name, offset)
        }
        return nil
    }

    /// What was confirmed was never written: the place has what it had before.
    ///
    /// - Parameter names: The files that it may be in.
    /// - Returns: The write; `nil` when there is none that could be told.
    package mutating func loseWrite(in names: [String]) -> LostWrite? {
        let choices = confirmed.provable.filter { write in
            guard names.contains(write.name), let bytes = read(write.name) else { return false }
            return bytes[write.range].elementsEqual(write.after)
        }
        guard !choices.isEmpty else { return nil }
        let lost = generator.choice(of: choices)
        update(lost.name) { $0.overwrite(at: lost.offset, with: lost.before) }
        confirmed.forget(lost.name)
        return LostWrite(name: lost.name, offset: lost.offset, bytes: lost.after)
    }

    /// What was to be written elsewhere lands here, at the beginning of a sector that has been written.
    ///
    /// - Parameters:
    ///   - bytes: The write, which is cut at the end of the file.
    ///   - names: The files that it may be in.
    /// - Returns: Where it landed; `nil` when there was no place.
    package mutating func misplace(
        _ bytes: [UInt8], in names: [String]
    ) -> (name: String, offset: Int)? {
        let files = written(names)
        guard !files.isEmpty else { return nil }
        for _ in 0..<8 {
            let file = generator.choice(of: files)
            let offset =
                generator.below(file.byteCount) / VirtualFile.sectorByteCount
                * VirtualFile.sectorByteCount
            let landed = Array(bytes.prefix((read(file.name)?.count ?? 0) - offset))
            guard !isSpared(file.name, offset..<offset + landed.count) else { continue }
            update(file.name) { $0.overwrite(at: offset, with: landed) }
            return (file.name, offset)
        }
        return nil
    }

    /// How much of each file has been written; nothing is told of zeros at its end.
    private func written(_ names: [String]) -> [(name: String, byteCount: Int)] {
        names.compactMap { name in
            read(name)?.lastIndex { $0 != 0 }.map { (name: name, byteCount: $0 + 1) }
        }
    }

    private func isSpared(_ name: String, _ range: Range<Int>) -> Bool {
        confirmed.last?.overlaps(name, range) ?? false
    }
}
