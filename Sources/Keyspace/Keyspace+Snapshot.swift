import Primitives

/// Writing a snapshot: the state as it was at one moment, while it goes on changing.
extension Keyspace {
    /// What a step of the walk costs beside the bytes that it writes, in bytes.
    private static let slotCost = 4
    private static let keyCost = 64
    private static let keysAtOnce = 16

    package var isSnapshotUnderWay: Bool { walk.isActive }

    /// Begins a snapshot of the present state; none may be under way.
    ///
    /// ``takeSnapshotOutput()`` gives what is written, at any time; each time it ends with a record.
    ///
    /// - Parameter missesChangedKeys: A bug planted to see the simulator find it: what changes before
    ///   the walk has come to it is left out.
    package mutating func beginSnapshot(missesChangedKeys: Bool = false) {
        precondition(!walk.isActive, "a snapshot begins during another one")
        era ^= Entry.eraBit
        walk = SnapshotWalk(keyCount: keyCount, missesChangedKeys: missesChangedKeys)
    }

    /// Writes some more of the snapshot.
    ///
    /// - Parameter byteBudget: About how many bytes to write, where each key counts for some more.
    /// - Returns: Whether all of it is written; then no snapshot is under way.
    package mutating func continueSnapshot(byteBudget: Int) -> Bool {
        precondition(walk.isActive, "no snapshot is under way")
        var budget = byteBudget
        while budget > 0 {
            let before = walk.output.count
            if let value = walk.currentValue {
                writePart(of: value)
            } else if walk.slot < tables.count {
                budget -= visitSome()
            } else {
                endSnapshot()
                return true
            }
            budget -= walk.output.count - before
        }
        return false
    }

    package var snapshotOutputByteCount: Int { walk.output.count }

    /// Hands out the records written since the last call.
    package mutating func takeSnapshotOutput() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &walk.output)
        return taken
    }

    // MARK: Hot path

    /// Called before the entry, its value or deadline changes or goes.
    mutating func willChange(_ entry: Entry) {
        if entry.era != era { preserve(entry) }
    }

    // MARK: Keys

    private mutating func preserve(_ entry: Entry) {
        if walk.missesChangedKeys, !entry.hasFieldMap {
            entry.era = era
            walk.missedKeyCount += 1
        } else {
            write(entry)
        }
    }

    /// Looks at the next keys of the walk.
    ///
    /// - Returns: What that costs beside the bytes written.
    private mutating func visitSome() -> Int {
        let table = detached.isEmpty ? tables[walk.slot] : detached[walk.slot]
        var found: [Entry] = []
        let next = table.scan(from: walk.hash, limit: Self.keysAtOnce, secret: hashSecret) {
            found.append($0)
        }
        walk.hash = next ?? 0
        if next == nil { walk.slot += 1 }
        for entry in found where entry.era != era { write(entry) }
        return Self.slotCost + found.count * Self.keyCost
    }

    /// Writes a key with its value, or that its value follows in parts.
    private mutating func write(_ entry: Entry) {
        entry.era = era
        walk.writtenKeyCount += 1
        if Self.isLarge(entry) {
            walk.output.append(SnapshotRecord.largeValue)
            walk.output.append(keyOf: entry)
            entry.isHeld = true
            return walk.append(
                SnapshotWalk.LargeValue(
                    entry: entry, byteCount: entry.valueByteCount,
                    field: entry.type == .hash ? Self.firstUnwrittenField(of: entry) : nil))
        }
        switch entry.type {
        case .string:
            walk.output.append(SnapshotRecord.string)
            walk.output.append(keyOf: entry)
            walk.output.append(counted: entry.value)
        case .hash:
            let isTimed = Self.hasTimedFields(entry)
            walk.output.append(isTimed ? SnapshotRecord.timedHash : .hash)
            walk.output.append(keyOf: entry)
            walk.output.append(littleEndian: UInt32(Self.fieldCount(of: entry)))
            Self.forEachField(of: entry) { name, value, deadline in
                if isTimed { walk.output.append(littleEndian: deadline) }
                walk.output.append(counted: name)
                walk.output.append(counted: value)
            }
            Self.wroteAllFields(of: entry, era: era)
        }
    }

    private mutating func endSnapshot() {
        precondition(
            walk.writtenKeyCount + walk.missedKeyCount == walk.keyCount,
            "a snapshot of \(walk.keyCount) keys has \(walk.writtenKeyCount)")
        walk.output.append(SnapshotRecord.end)
        walk.output.append(littleEndian: UInt64(walk.writtenKeyCount))
        walk.end()
        buryDetached()
    }

    // MARK: Large values

    private mutating func writePart(of value: SnapshotWalk.LargeValue) {
        var value = value
        switch value.entry.type {
        case .string:
            let end = min(value.offset + SnapshotRecord.partByteCount, value.byteCount)
            writeBytes(value.entry.value.extracting(value.offset..<end))
            value.offset = end
            walk.currentValue = value
            if end == value.byteCount { endValue(value.entry) }
        case .hash:
            guard let field = value.field else { return endValue(value.entry) }
            if field.valueByteCount > SnapshotRecord.largeByteCount {
                writePart(of: field, of: &value)
            } else {
                writeFields(of: &value)
            }
            walk.currentValue = value
        }
    }

    private mutating func writeBytes(_ bytes: Span<UInt8>) {
        walk.output.append(SnapshotRecord.bytes)
        walk.output.append(counted: bytes)
    }

    /// Writes a part of a field's large value.
    private mutating func writePart(
        of field: Entry, of value: inout SnapshotWalk.LargeValue
    ) {
        if value.offset == 0 {
            let isTimed = Self.hasTimedFields(value.entry)
            walk.output.append(isTimed ? SnapshotRecord.timedBegunField : .begunField)
            if isTimed { appendDeadline(of: field, of: value.entry) }
            walk.output.append(counted: field.key)
        }
        let end = min(value.offset + SnapshotRecord.partByteCount, field.valueByteCount)
        writeBytes(field.value.extracting(value.offset..<end))
        value.offset = end
        if end == field.valueByteCount {
            value.offset = 0
            value.field = Self.wrote(field, of: value.entry, era: era)
        }
    }

    /// Writes the next fields that are not large.
    private mutating func writeFields(of value: inout SnapshotWalk.LargeValue) {
        let isTimed = Self.hasTimedFields(value.entry)
        walk.output.append(isTimed ? SnapshotRecord.timedFields : .fields)
        let start = walk.output.count
        walk.output.append(littleEndian: UInt32(0))
        var count: UInt32 = 0
        while let field = value.field, walk.output.count - start < SnapshotRecord.partByteCount,
            field.valueByteCount <= SnapshotRecord.largeByteCount
        {
            if isTimed { appendDeadline(of: field, of: value.entry) }
            walk.output.append(counted: field.key)
            walk.output.append(counted: field.value)
            count += 1
            value.field = Self.wrote(field, of: value.entry, era: era)
        }
        walk.output.store(littleEndian: count, at: start)
    }

    private mutating func appendDeadline(of field: Entry, of entry: Entry) {
        walk.output.append(littleEndian: Self.unwrittenDeadline(of: field, of: entry))
    }

    private mutating func endValue(_ entry: Entry) {
        walk.output.append(SnapshotRecord.valueEnd)
        walk.currentValue = nil
        if entry.isHeld {
            entry.isHeld = false
        } else {
            // Removed meanwhile.
            release(entry)
        }
    }
}
