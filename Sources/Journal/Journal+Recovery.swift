package import Primitives

extension Journal {
    /// What was found at start-up.
    package struct Recovery: Sendable {
        package var journal: Journal
        /// By group.
        package var groups: [RecoveredGroup]
        package var report: RecoveryReport
        /// See ``Journal/mayHaveLostGroups``.
        package var mayHaveLostGroups: Bool
        /// Whether the last thing that the journal holds is ``JournalRecord/cleanStop``.
        package var wasCleanStop: Bool
    }

    /// Reads a journal's folder; an empty one is a new journal.
    ///
    /// Nothing is written. The first ``flush(now:into:)`` begins a new segment, so that what follows a
    /// cut can never count again; until ``isOpen`` no promise may rest on what was found. Damage to what
    /// was on disk is no error: it quarantines the groups whose records it may have held.
    ///
    /// - Parameters:
    ///   - disk: The folder.
    ///   - settings: For the journal from now on; what is there may have been written with others.
    ///   - mustHaveHead: Whether a head has been written for certain, so that its absence is a loss. A
    ///     host that writes ``JournalHead/beginning`` before it uses a journal says so.
    ///   - bootID: Which boot of the machine this is.
    ///   - seed: For the ids of segments; another one at each start.
    ///   - now: The present.
    /// - Returns: The journal, and what it holds.
    /// - Throws: ``JournalError`` when files were mixed up, or are too new.
    package static func recover<Disk: JournalDisk>(
        from disk: Disk, settings: JournalSettings, mustHaveHead: Bool = false, bootID: UInt64,
        seed: UInt64, now: Moment
    ) throws(JournalError) -> Recovery {
        let names: [JournalFile]
        do {
            names = try disk.files().sorted()
        } catch {
            throw .unreadable(error)
        }
        var segments = SegmentFiles(disk, names)
        while true {
            let failureCount = segments.failures.count
            let findings = Result { () throws(JournalError) in
                try read(
                    names, on: disk, &segments, settings: settings, mustHaveHead: mustHaveHead)
            }
            // A segment that turns out to be unreadable counts as such from the start: what was found
            // without knowing that, be it an error, is dropped.
            segments.checkRest()
            guard segments.failures.count == failureCount else { continue }
            return try findings.get().recovery(
                settings: settings, bootID: bootID, seed: seed, now: now)
        }
    }

    private static func read<Disk: JournalDisk>(
        _ names: [JournalFile], on disk: Disk, _ segments: inout SegmentFiles<Disk>,
        settings: JournalSettings, mustHaveHead: Bool
    ) throws(JournalError) -> Findings {
        let survey = try SegmentSurvey(names, in: &segments)
        var headLoss: Quarantine?
        var head: JournalHead?
        if names.contains(.head) {
            head = try readHead(on: disk, &headLoss)
        } else if mustHaveHead || survey.provesHead {
            headLoss = Quarantine(file: .head, what: "the journal's head is gone")
        }
        var chain = try survey.chain(head)
        if let headLoss {
            chain.lost.append(headLoss)
            chain.damages.append(headLoss)
        }
        var replay = Replay(settings: settings, gap: chain.gap)
        for link in chain.links {
            do {
                try segments.load(link.sequence)
            } catch {
                throw .unreadable(error)
            }
            try replay.read(link, bytes: segments.bytes)
        }
        return Findings(
            replay: replay, chain: chain, survey: survey, names: names,
            lastSequence: max(survey.files.last?.sequence ?? 0, head?.sequence ?? 0))
    }

    private static func readHead<Disk: JournalDisk>(
        on disk: Disk, _ loss: inout Quarantine?
    ) throws(JournalError) -> JournalHead? {
        let bytes: [UInt8]
        do {
            bytes = try disk.read(.head)
        } catch {
            loss = Quarantine(unreadable: .head, error)
            return nil
        }
        switch JournalHead.read(from: bytes) {
        case .valid(let head): return head
        case .newer(let version):
            throw .newerFormat(file: .head, found: version, supported: JournalHead.version)
        case .invalid:
            loss = Quarantine(
                file: .head, byteCount: max(bytes.count, JournalHead.byteCount),
                what: "no intact head of a journal")
            return nil
        }
    }
}

/// What recovery has read, and what follows from it.
private struct Findings {
    let replay: Replay
    let chain: SegmentSurvey.Chain
    let survey: SegmentSurvey
    let names: [JournalFile]
    /// The highest sequence number that is known to have been used.
    let lastSequence: UInt64

    func recovery(
        settings: JournalSettings, bootID: UInt64, seed: UInt64, now: Moment
    ) -> Journal.Recovery {
        let last = chain.links.last
        let mayHaveForgotten =
            last?.header.durability == .periodic && !replay.endsWithCleanStop
            && (replay.lastHeader?.bootID != bootID || names.contains(.suspect))
        var report = replay.report
        report.damages = chain.damages + replay.damages.filter { !chain.damages.contains($0) }
        var recovered: [RecoveredGroup] = []
        var live = SortedMap<GroupID, Journal.LiveGroup>()
        for (group, found) in replay.groups {
            var state = found.state
            if mayHaveForgotten { state.isAmnesiac = true }
            var slots = Array(found.log.slots)
            if let reason = reasonToQuarantine(group, found) {
                if found.mayBeAnother || !chain.lost.isEmpty {
                    state = GroupState(
                        replica: .unknown, initialConfiguration: state.initialConfiguration)
                }
                _ = state.quarantine(reason)
                slots.removeAll()
            }
            if let quarantine = state.quarantine {
                report.quarantined.append(.init(group: group, quarantine: quarantine))
            }
            recovered.append(RecoveredGroup(group, state, entries: slots.map(\.entry)))
            report.entryCount += slots.count
            var log = LiveLog(heldByteCount: settings.heldByteCount)
            for slot in slots { log.append(slot.entry, segment: slot.segment) }
            live[group] = Journal.LiveGroup(state: state, log: log)
        }
        report.groupCount = recovered.count
        report.mayHaveLostGroups = replay.mayHaveLostGroups || !chain.lost.isEmpty

        let chained = chain.links.map(\.sequence)
        let leftovers = survey.files.filter { !chained.contains($0.sequence) }
        let orphans = names.filter { name in
            switch name {
            case .segment, .head: false
            case .snapshot(let group, let index): live[group]?.state.snapshot?.index != index
            case .partialSnapshot, .suspect: true
            }
        }
        report.discarded = leftovers.map(\.name) + orphans

        var generator = SeededGenerator(seed: seed)
        let start = Journal.Start(
            journalID: chain.journalID == 0 ? max(1, generator.next()) : chain.journalID,
            groups: live, mayHaveLostGroups: report.mayHaveLostGroups,
            older: chain.links.map { file($0.sequence, $0.byteCount, report) },
            previous: last.map {
                SegmentLink(sequence: $0.sequence, id: $0.header.id, end: replay.end)
            },
            unproven: replay.unproven, nextSequence: lastSequence + 1,
            nextBatchNumber: (replay.lastHeader?.number ?? 0) + 1,
            leftoverSegments: leftovers.map { file($0.sequence, $0.byteCount, report) },
            supersededFiles: orphans)
        return Journal.Recovery(
            journal: Journal(
                start, settings: settings, bootID: bootID, generator: generator, now: now),
            groups: recovered, report: report, mayHaveLostGroups: report.mayHaveLostGroups,
            wasCleanStop: replay.endsWithCleanStop)
    }

    /// Why the group, as it was read, can't be trusted.
    private func reasonToQuarantine(_ group: GroupID, _ found: Replay.Group) -> Quarantine? {
        // The damage, if what was quarantined before may have given way to another replica in it.
        let damage = found.doubt ?? chain.lost.first
        if let reason = found.state.quarantine ?? damage {
            return found.mayBeAnother ? damage ?? reason : reason
        }
        if let missing = found.log.missing {
            return found.gap
                ?? Quarantine(
                    what: "entries \(missing.lowerBound)…\(missing.upperBound) are in no segment")
        }
        guard let snapshot = found.state.snapshot else { return nil }
        let file = JournalFile.snapshot(group, snapshot.index)
        return names.contains(file) ? nil : Quarantine(file: file, what: "the snapshot is gone")
    }

    private func file(
        _ sequence: UInt64, _ byteCount: Int, _ report: RecoveryReport
    ) -> Journal.SegmentFile {
        let isDamaged =
            report.damages.contains { $0.file == .segment(sequence) }
            || survey.files.contains { $0.sequence == sequence && $0.damage != nil }
        return Journal.SegmentFile(
            sequence: sequence, byteCount: byteCount, isDamaged: isDamaged)
    }
}

extension RecoveredGroup {
    fileprivate init(_ group: GroupID, _ state: GroupState, entries: [LogEntry]) {
        self.init(
            group: group, replica: state.replica,
            initialConfiguration: state.initialConfiguration, hardState: state.hardState,
            snapshot: state.snapshot, entries: entries, clock: state.clock,
            isAmnesiac: state.isAmnesiac, quarantine: state.quarantine)
    }
}
