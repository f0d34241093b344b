import DequeModule
package import Primitives

/// One loop's append-only log: what the host appends is cut into batches, batches go into segments.
///
/// It does no I/O. The host executes the ``DiskRequest``s strictly in the order in which they were
/// emitted, and calls ``completed(into:)`` for each. A failed request ends the process; what the disk
/// has no room for is asked for again (`Journal+Files.swift`).
/// `docs/decisions/0002-journal-format.md` describes the format.
package struct Journal: Sendable {
    /// The segment that is written to.
    struct Segment: Sendable {
        let sequence: UInt64
        let id: UInt64
        let byteCount: Int
        /// Where the next batch goes.
        var tail: Int
        /// How far it is known to be on disk.
        var syncedThrough = 0

        /// Whether a batch of such records fits behind the tail.
        func hasRoom(recordByteCount: Int) -> Bool {
            tail + BatchHeader.batchByteCount(recordByteCount: recordByteCount) <= byteCount
        }
    }

    /// A segment that is not written to: an older one, or one that waits for its turn.
    struct SegmentFile: Equatable, Sendable {
        let sequence: UInt64
        let byteCount: Int
        /// Whether the disk has lost some of it: it is not written to again.
        var isDamaged = false
    }

    struct LiveGroup: Sendable {
        var state: GroupState
        var log: LiveLog
    }

    /// A request that has been emitted and not yet completed.
    enum Outstanding: Equatable, Sendable {
        /// `end` is where the batches end in `segment`.
        case write(flush: UInt64, segment: UInt64, end: Int, sync: Bool)
        /// Makes everything up to `flush` durable; that of `segment` up to `end`.
        case sync(flush: UInt64, segment: UInt64, end: Int)
        case file
    }

    package let settings: JournalSettings
    let bootID: UInt64
    let journalID: UInt64
    var generator: SeededGenerator

    var groups = SortedMap<GroupID, LiveGroup>()
    /// Whether groups may have been here of which nothing is known any more. A replica that should be here
    /// and that the journal doesn't know must then not begin anew: it may have promised something. It
    /// stays so, through restarts too, until ``JournalRecord/lostGroupsSettled``.
    package internal(set) var mayHaveLostGroups: Bool

    var active: Segment?
    /// Oldest first; each may hold live entries.
    var older: Deque<SegmentFile>
    /// The next segment, made ahead of need.
    var spare: SegmentFile?
    /// A file made for a batch that the spare has no room for.
    var fitted: SegmentFile?
    /// The segment file that is on its way.
    var making: SegmentMaking?
    /// Whether the open batch waits for a file to go into.
    var awaitsFile = false
    /// Whether the disk had no room for a segment, and there has been no spare one since.
    var lacksSegment = false
    /// The head that the disk had no room for.
    var refusedHead: RefusedHead?
    /// The place that the next segment's header names as proven.
    var previous: SegmentLink?
    /// What is written once more before that header is.
    var unproven: UnprovenTail
    var nextSequence: UInt64
    var nextBatchNumber: UInt64

    /// What recovery left to clear away once the first segment is begun.
    var leftoverSegments: [SegmentFile]
    /// Files that nothing refers to any more; removed once that is durable.
    var supersededFiles: [JournalFile]
    /// Snapshot files that were written and whose record has not come yet.
    private var unrecordedFiles: [JournalFile] = []
    /// Whether something has come up since the last clearing that may let a segment go.
    var mayReclaim = false

    var openRecords: [JournalRecord] = []
    private(set) var openRecordByteCount = 0

    var outstanding: Deque<Outstanding> = []
    /// Flushes are numbered from 1 on.
    var lastFlush: UInt64 = 0
    var isWriting = false
    var syncRequestedFlush: UInt64 = 0
    var lastSync: Instant
    private var writtenFlush: UInt64 = 0
    private var syncedFlush: UInt64 = 0
    private let startedAt: Instant
    /// Whether the journal held something when it was opened and ``tick(now:into:)`` has not seen to
    /// its spare segment since.
    private var isAfterStart: Bool

    // MARK: Records

    /// Adds a record to the open batch.
    package mutating func append(_ record: JournalRecord) {
        let byteCount = StoredRecord.byteCount(of: record)
        precondition(
            byteCount <= JournalLimits.recordByteCount, "a record of \(byteCount) bytes")
        openRecords.append(record)
        openRecordByteCount += byteCount
    }

    /// Whether ``flush(now:into:)`` has something to write. True from the start: what recovery found is
    /// made durable by the first flush.
    package var hasOpenRecords: Bool {
        !openRecords.isEmpty || active == nil || isCornered && fitted != nil
    }

    /// How many bytes the open batch will take.
    package var openByteCount: Int {
        openRecords.isEmpty
            ? 0 : BatchHeader.batchByteCount(recordByteCount: openRecordByteCount)
    }

    /// Whether no batch is being written, and the open one doesn't wait for a file to go into.
    package var canFlush: Bool { !isWriting && !awaitsFile }

    /// Whether what recovery found is durable. Until then no promise may rest on it: a process that was
    /// killed may have left it in the page cache only.
    package var isOpen: Bool { durableBatch >= 1 }

    /// The highest batch that counts as durable: in sync mode when it is on disk; in periodic mode when
    /// it is written, and on disk if it holds anything but plain entries.
    package var durableBatch: UInt64 {
        switch settings.durability {
        case .sync: syncedFlush
        case .periodic: writtenFlush
        }
    }

    /// About how many bytes of segments hold live entries of `group`: those since its last snapshot.
    package func logByteCount(of group: GroupID) -> Int {
        groups[group]?.log.byteCount ?? 0
    }

    /// Why the replica of `group` can't be trusted, if it is here and can't.
    package func quarantine(of group: GroupID) -> Quarantine? { groups[group]?.state.quarantine }

    // MARK: Disk

    /// Takes note that the host writes a snapshot's file, beside the journal's requests. Once it is
    /// durable the host appends ``JournalRecord/snapshot(_:_:)``.
    package mutating func expectSnapshot(_ group: GroupID, _ index: LogIndex) {
        let file = JournalFile.snapshot(group, index)
        if !unrecordedFiles.contains(file) { unrecordedFiles.append(file) }
    }

    /// The host has given up a snapshot that was not finished.
    package mutating func abandonSnapshot(_ group: GroupID, _ index: LogIndex) {
        noteRecorded(.snapshot(group, index))
    }

    /// Takes note that a snapshot's record is being written.
    mutating func noteRecorded(_ file: JournalFile) {
        unrecordedFiles.removeAll { $0 == file }
    }

    /// The superseded files, but for those that have been written anew since: a group may have gone and
    /// come back, with a snapshot at the same index.
    mutating func takeSupersededFiles() -> [JournalFile] {
        defer { supersededFiles.removeAll() }
        return supersededFiles.filter { file in
            switch file {
            case .snapshot(let group, let index):
                !unrecordedFiles.contains(file) && groups[group]?.state.snapshot?.index != index
            case .partialSnapshot(let group, let index):
                !unrecordedFiles.contains(.snapshot(group, index))
            // What it warned of has been written anew, with the amnesia that follows from it.
            case .suspect: true
            case .segment, .head: false
            }
        }
    }

    /// In periodic mode, syncs what was written; at most once a second. Asks again for what the disk
    /// had no room for. Asks for a spare segment once the journal has been open for a while: the next
    /// start begins a segment and would wait for it, and this one is no longer busy.
    package mutating func tick(now: Moment, into requests: inout [DiskRequest]) {
        retryRefused(now: now, into: &requests)
        if isAfterStart, isOpen,
            now.boot.milliseconds(since: startedAt) >= JournalLimits.spareDelayMilliseconds
        {
            isAfterStart = false
            if spare == nil, making == nil {
                make(byteCount: settings.segmentByteCount, into: &requests)
            }
        }
        guard settings.durability == .periodic, let active, syncRequestedFlush < lastFlush,
            now.boot.milliseconds(since: lastSync) >= JournalLimits.syncIntervalMilliseconds
        else { return }
        lastSync = now.boot
        syncRequestedFlush = lastFlush
        requests.append(.sync(segment: active.sequence))
        outstanding.append(
            .sync(flush: lastFlush, segment: active.sequence, end: active.tail))
    }

    /// Takes note that the oldest request which was emitted and not completed is done.
    package mutating func completed(into requests: inout [DiskRequest]) {
        guard let finished = outstanding.popFirst() else {
            preconditionFailure("a disk request was completed that was not emitted")
        }
        switch finished {
        case .write(let flush, let segment, let end, let sync):
            isWriting = false
            refusedHead = nil
            writtenFlush = flush
            if sync { noteSynced(flush: flush, segment: segment, end: end) }
        case .sync(let flush, let segment, let end):
            noteSynced(flush: flush, segment: segment, end: end)
        case .file: break
        }
        if mayReclaim, syncedFlush == lastFlush, lastFlush > 0 { reclaim(into: &requests) }
    }

    private mutating func noteSynced(flush: UInt64, segment: UInt64, end: Int) {
        syncedFlush = max(syncedFlush, flush)
        if active?.sequence == segment { active?.syncedThrough = end }
    }

    /// Emits a request whose completion needs nothing done.
    mutating func request(_ request: DiskRequest, into requests: inout [DiskRequest]) {
        requests.append(request)
        outstanding.append(.file)
    }

    /// Hands out the open batch's records and begins an empty one.
    mutating func takeOpenRecords() -> [JournalRecord] {
        let records = openRecords
        openRecords.removeAll(keepingCapacity: true)
        openRecordByteCount = 0
        return records
    }

    // MARK: Start

    /// What recovery knows when it ends.
    struct Start {
        var journalID: UInt64
        var groups: SortedMap<GroupID, LiveGroup>
        var mayHaveLostGroups: Bool
        var older: [SegmentFile]
        var previous: SegmentLink?
        var unproven: UnprovenTail
        var nextSequence: UInt64
        var nextBatchNumber: UInt64
        var leftoverSegments: [SegmentFile]
        var supersededFiles: [JournalFile]
    }

    init(
        _ start: Start, settings: JournalSettings, bootID: UInt64, generator: SeededGenerator,
        now: Moment
    ) {
        self.settings = settings
        self.bootID = bootID
        self.generator = generator
        journalID = start.journalID
        groups = start.groups
        mayHaveLostGroups = start.mayHaveLostGroups
        older = Deque(start.older)
        previous = start.previous
        unproven = start.unproven
        nextSequence = start.nextSequence
        nextBatchNumber = start.nextBatchNumber
        leftoverSegments = start.leftoverSegments
        supersededFiles = start.supersededFiles
        lastSync = now.boot
        startedAt = now.boot
        isAfterStart = start.previous != nil
    }
}
