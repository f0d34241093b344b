package import Primitives

/// A file as running programs see it, and as it would be after a power cut.
package struct VirtualFile: Sendable {
    /// What a disk writes whole or not at all.
    package static let sectorByteCount = 512

    private struct PendingWrite {
        var offset: Int
        var bytes: [UInt8]
        var time: UInt64
    }

    package private(set) var name: String
    /// What a read returns: the page cache.
    package private(set) var content: [UInt8]
    private var durable: [UInt8]
    private var pending: [PendingWrite] = []
    private var appendedByteCount = 0
    /// Whether the file was removed and its directory not yet synced.
    package var isRemoved = false

    /// A file whose name and content are durable.
    package init(name: String, content: [UInt8]) {
        self.name = name
        self.content = content
        durable = content
    }

    package var hasUnsyncedWrites: Bool { !pending.isEmpty }

    package mutating func rename(to newName: String) { name = newName }

    /// When the oldest of the writes that are not synced was made.
    package var oldestUnsyncedTime: UInt64? { pending.first?.time }

    package mutating func write(_ bytes: [UInt8], at offset: Int, time: UInt64) {
        precondition(
            offset >= 0 && offset + bytes.count <= content.count,
            "write of \(bytes.count) bytes at \(offset) of \(content.count) in \(name)")
        guard !bytes.isEmpty else { return }
        content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        pending.append(PendingWrite(offset: offset, bytes: bytes, time: time))
    }

    /// Adds to a file that is only appended to until it is published.
    package mutating func append(_ bytes: [UInt8]) {
        content.append(contentsOf: bytes)
        appendedByteCount += bytes.count
    }

    /// Makes all of it durable under another name.
    package mutating func publish(as newName: String) {
        durable = content
        appendedByteCount = 0
        name = newName
    }

    /// Of what was appended since, any part may be on the disk, and its length anything.
    package mutating func loseAppended(generator: inout SeededGenerator) {
        guard appendedByteCount > 0 else { return }
        let kept = generator.below(appendedByteCount + 1)
        content = durable + [UInt8](repeating: 0, count: kept)
        durable = content
        appendedByteCount = 0
    }

    package mutating func sync() {
        for write in pending { apply(write, in: 0..<content.count) }
        pending.removeAll()
    }

    /// Every sector takes the state after one of the writes since the last sync, or before all.
    package mutating func losePower(_ loss: UnsyncedLoss, generator: inout SeededGenerator) {
        settle(loss, generator: &generator)
        content = durable
    }

    /// A sync failed: what reached the disk is unknown, and the kernel takes no page for dirty.
    ///
    /// - Parameters:
    ///   - loss: How much of what was pending reached the disk.
    ///   - keepsPages: Whether reads go on returning what the disk may not hold.
    ///   - generator: Decides which sectors were written.
    package mutating func failSync(
        _ loss: UnsyncedLoss, keepsPages: Bool, generator: inout SeededGenerator
    ) {
        settle(loss, generator: &generator)
        if !keepsPages { content = durable }
    }

    /// Puts bytes in the place of others, in the cache and on the disk.
    package mutating func overwrite(at offset: Int, with bytes: [UInt8]) {
        content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        durable.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    private mutating func settle(_ loss: UnsyncedLoss, generator: inout SeededGenerator) {
        switch loss {
        case .everything: break
        case .nothing: for write in pending { apply(write, in: 0..<content.count) }
        case .tail:
            let kept = generator.below(pending.count + 1)
            for write in pending[..<kept] { apply(write, in: 0..<content.count) }
            if kept < pending.count { tear(pending[kept], generator: &generator) }
        case .sectors(let keptPercent):
            for write in pending {
                let first = write.offset / Self.sectorByteCount
                let last = (write.offset + write.bytes.count - 1) / Self.sectorByteCount
                for sector in first...last where generator.chance(percent: keptPercent) {
                    let start = sector * Self.sectorByteCount
                    apply(write, in: start..<start + Self.sectorByteCount)
                }
            }
        }
        pending.removeAll()
    }

    /// Keeps the first sectors of `write` alone.
    private mutating func tear(_ write: PendingWrite, generator: inout SeededGenerator) {
        let first = write.offset / Self.sectorByteCount
        let last = (write.offset + write.bytes.count - 1) / Self.sectorByteCount
        let end = (first + generator.below(last - first + 1)) * Self.sectorByteCount
        if end > write.offset { apply(write, in: write.offset..<end) }
    }

    /// Makes the part of `write` that lies in `range` durable.
    private mutating func apply(_ write: PendingWrite, in range: Range<Int>) {
        let start = max(range.lowerBound, write.offset)
        let end = min(range.upperBound, write.offset + write.bytes.count)
        guard start < end else { return }
        durable.replaceSubrange(
            start..<end, with: write.bytes[start - write.offset..<end - write.offset])
    }
}

/// What a power cut leaves of the writes that no sync has covered.
package enum UnsyncedLoss: Equatable, Sendable {
    case nothing
    case everything
    /// The last writes are lost, and the first of the lost ones is torn.
    case tail
    /// Each sector of each write is kept with this probability, in no order.
    case sectors(keptPercent: Int)

    package static func draw(from generator: inout SeededGenerator) -> UnsyncedLoss {
        switch generator.below(6) {
        case 0: .nothing
        case 1, 2: .everything
        case 3: .tail
        default: .sectors(keptPercent: generator.choice(of: [10, 50, 90]))
        }
    }
}
