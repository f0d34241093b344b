package import Primitives

/// One directory on a disk of its own: does one operation at a time, in order, as the disk thread
/// of a journal does, and loses what a real disk may lose.
package struct VirtualDisk: Sendable {
    var files: [VirtualFile] = []
    private var queue: [DiskOperation] = []
    var generator: SeededGenerator
    var confirmed = ConfirmedWrites()
    /// How the disk takes its time.
    package var speed: DiskSpeed
    /// Whether the next operation that waits for the disk fails.
    package var failsNextSync = false
    /// Whether there is no room for new files, nor for more in those that are there.
    package var isFull = false {
        didSet { givenByteCount = 0 }
    }
    /// Room that is kept, and taken by what is appended while the disk is full.
    package private(set) var reservedByteCount = 0
    /// Room that was given up for files that are to be created while the disk is full.
    private var givenByteCount = 0
    /// What was taken from it so far.
    package private(set) var reserveUsedByteCount = 0
    /// Whether no further operation is begun.
    package var isHung = false
    /// Whether an operation has failed: then nothing more is done for this process, as what comes
    /// after the failed one may rely on it.
    private var hasFailed = false
    /// The file that the disk's owner leaves behind when an operation has failed.
    package var failureMarker: String?
    /// Whether the first operation in the queue is under way.
    package private(set) var isBusy = false

    /// How much room can be kept: none, less than is needed, or all that is asked for.
    private let reserveLimit: Int

    package init(speed: DiskSpeed, seed: UInt64) {
        self.speed = speed
        reserveLimit = [0, 4096, Int.max][Int(seed % 3)]
        generator = SeededGenerator(seed: seed)
    }

    /// The files, sorted by name.
    package var fileNames: [String] { files.filter { !$0.isRemoved }.map(\.name).sorted() }

    package var hasUnsyncedWrites: Bool { files.contains(where: \.hasUnsyncedWrites) }

    /// When the oldest of the writes that are not synced was made.
    package var oldestUnsyncedTime: UInt64? { files.compactMap(\.oldestUnsyncedTime).min() }

    /// How many operations are not done, the one under way included.
    package var queueCount: Int { queue.count }

    /// The operation that is under way or comes next.
    package var current: DiskOperation? { queue.first }

    /// What a program reads from the file; `nil` when there is none.
    package func read(_ name: String) -> [UInt8]? { index(of: name).map { files[$0].content } }

    package mutating func submit(_ operation: DiskOperation) { queue.append(operation) }

    /// Begins the next operation, if there is one and none is under way.
    ///
    /// - Returns: In how many nanoseconds ``finish()`` is due.
    package mutating func begin() -> UInt64? {
        guard !isBusy, !isHung, let operation = queue.first else { return nil }
        isBusy = true
        return speed.duration(of: operation, generator: &generator)
    }

    /// Ends the operation under way, at virtual time `now`.
    package mutating func finish(now: UInt64) -> DiskResult {
        precondition(isBusy, "no operation is under way")
        isBusy = false
        let operation = queue.removeFirst()
        if hasFailed { return .failed }
        if isFull, operation.takesRoom, !takeReserve(for: operation) {
            if case .append(let name, _) = operation { discard(name) }
            return .full
        }
        if operation.waitsForDisk, failsNextSync {
            failsNextSync = false
            hasFailed = true
            if case .write(let name, let offset, let bytes, _) = operation {
                update(name) { $0.write(bytes, at: offset, time: now) }
            }
            if let failureMarker, index(of: failureMarker) == nil {
                files.append(VirtualFile(name: failureMarker, content: []))
            }
            let loss = UnsyncedLoss.draw(from: &generator)
            for index in files.indices {
                files[index].failSync(loss, keepsPages: false, generator: &generator)
            }
            return .failed
        }
        perform(operation, now)
        return switch operation {
        case .reserve, .giveReserve: .reserved(byteCount: reservedByteCount)
        default: .done
        }
    }

    /// Whether there is room after all for a file that is appended to, or that room was made for.
    private mutating func takeReserve(for operation: DiskOperation) -> Bool {
        let byteCount: Int
        switch operation {
        case .create(_, 0) where reservedByteCount > 0: byteCount = 0
        case .append(_, let bytes): byteCount = bytes.count
        case .create(_, let needed) where needed > 0 && needed <= givenByteCount:
            givenByteCount -= needed
            return true
        default: return false
        }
        guard byteCount <= reservedByteCount else {
            reservedByteCount = 0
            return false
        }
        reservedByteCount -= byteCount
        reserveUsedByteCount += byteCount
        return true
    }

    /// The process ends: what it has written stays, what it had only asked for may be done in part.
    package mutating func crashProcess(now: UInt64) {
        interrupt(now)
        queue.removeAll()
        hasFailed = false
    }

    /// The machine loses power: of what was not synced, some sectors are on the disk, some are not.
    package mutating func losePower(_ loss: UnsyncedLoss, now: UInt64) {
        interrupt(now)
        queue.removeAll()
        hasFailed = false
        for index in files.indices {
            files[index].losePower(loss, generator: &generator)
            files[index].loseAppended(generator: &generator)
            if files[index].isRemoved, generator.chance(percent: 50) {
                files[index].isRemoved = false
            }
        }
        files.removeAll(where: \.isRemoved)
        failsNextSync = false
    }

    /// Replaces the disk by an empty one.
    package mutating func wipe() {
        isBusy = false
        queue.removeAll()
        files.removeAll()
        reservedByteCount = 0
        givenByteCount = 0
        confirmed = ConfirmedWrites()
        hasFailed = false
        failsNextSync = false
    }

    /// Does a random part of the operation under way.
    private mutating func interrupt(_ now: UInt64) {
        guard isBusy else { return }
        isBusy = false
        if hasFailed { return }
        switch queue[0] {
        case .write(let name, let offset, let bytes, _):
            let byteCount = generator.below(bytes.count + 1)
            update(name) { $0.write(Array(bytes[..<byteCount]), at: offset, time: now) }
            // A sync that was under way may have come to its end.
            if byteCount == bytes.count, generator.chance(percent: 30) { perform(queue[0], now) }
        case .append(let name, let bytes):
            let byteCount = generator.below(bytes.count + 1)
            append(Array(bytes[..<byteCount]), to: name)
        case .create, .rename, .replace, .sync, .remove, .discard, .publish, .reserve,
            .giveReserve, .read:
            if generator.chance(percent: 50) { perform(queue[0], now) }
        }
    }

    private mutating func perform(_ operation: DiskOperation, _ now: UInt64) {
        note(operation)
        switch operation {
        case .create(let name, let byteCount):
            replace(name, with: [UInt8](repeating: 0, count: byteCount))
        case .rename(let from, let to):
            syncDirectory()
            discard(to)
            update(from) { $0.rename(to: to) }
        case .write(let name, let offset, let bytes, let isSynced):
            update(name) { file in
                file.write(bytes, at: offset, time: now)
                if isSynced { file.sync() }
            }
        case .sync(let name): update(name) { $0.sync() }
        case .replace(let name, let bytes): replace(name, with: bytes)
        case .append(let name, let bytes): append(bytes, to: name)
        case .publish(let from, let to):
            guard index(of: from) != nil else { return }
            syncDirectory()
            discard(to)
            update(from) { $0.publish(as: to) }
        case .reserve(let byteCount):
            let byteCount = min(byteCount, reserveLimit)
            if byteCount < reservedByteCount || !isFull { reservedByteCount = byteCount }
        case .giveReserve(let byteCount):
            guard isFull, byteCount <= reservedByteCount else { break }
            reservedByteCount -= byteCount
            givenByteCount += byteCount
        case .read: break
        case .remove(let name), .discard(let name):
            if index(of: name) != nil { update(name) { $0.isRemoved = true } }
        }
    }

    /// Remembers what a disk that loses a confirmed write would have instead.
    private mutating func note(_ operation: DiskOperation) {
        switch operation {
        case .write(let name, let offset, let bytes, let isSynced):
            guard isSynced, let old = read(name) else { return }
            let range = offset..<offset + bytes.count
            confirmed.wrote(name, at: offset, before: Array(old[range]), after: bytes)
        case .replace(let name, let bytes):
            confirmed.replaced(name, before: read(name), after: bytes)
        case .create(let name, _), .remove(let name), .discard(let name): confirmed.forget(name)
        case .rename(let from, let to), .publish(let from, let to):
            confirmed.forget(from)
            confirmed.forget(to)
        case .sync, .append, .read, .reserve, .giveReserve: break
        }
    }

    private mutating func replace(_ name: String, with bytes: [UInt8]) {
        syncDirectory()
        discard(name)
        files.append(VirtualFile(name: name, content: bytes))
    }

    private mutating func append(_ bytes: [UInt8], to name: String) {
        if index(of: name) != nil { update(name) { $0.append(bytes) } }
    }

    private mutating func syncDirectory() { files.removeAll(where: \.isRemoved) }

    private mutating func discard(_ name: String) {
        files.removeAll { $0.name == name }
    }

    mutating func update(_ name: String, _ change: (inout VirtualFile) -> Void) {
        guard let index = index(of: name) else {
            preconditionFailure("\(name) is not among \(fileNames)")
        }
        change(&files[index])
    }

    private func index(of name: String) -> Int? {
        files.firstIndex { $0.name == name && !$0.isRemoved }
    }
}

/// How an operation ended.
package enum DiskResult: Equatable, Sendable {
    case done
    case reserved(byteCount: Int)
    case failed
    /// There was no room, and nothing was done; what was being appended to is gone.
    case full
}

/// How long operations of a disk take.
package struct DiskSpeed: Equatable, Sendable {
    /// The mean time until what was written is durable, in nanoseconds.
    package var syncMean: UInt64
    /// How often an operation takes a hundred times as long, in percent.
    package var stallPercent: Int

    package init(syncMean: UInt64, stallPercent: Int) {
        self.syncMean = syncMean
        self.stallPercent = stallPercent
    }

    package func duration(
        of operation: DiskOperation, generator: inout SeededGenerator
    ) -> UInt64 {
        let copying = .microseconds(3) + UInt64(operation.byteCount)
        guard operation.waitsForDisk else { return copying }
        let sync = syncMean / 2 + generator.exponentialTime(mean: syncMean / 2)
        return copying + (generator.chance(percent: stallPercent) ? sync * 100 : sync)
    }
}
