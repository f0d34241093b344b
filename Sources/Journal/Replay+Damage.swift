import Primitives

/// What the first batch of a segment begins with.
struct CheckpointSection {
    var states = SortedMap<GroupID, GroupState>()
    /// Groups whose checkpoint is damaged.
    var damaged = SortedMap<GroupID, Quarantine>()
    var mayMissGroups = false
}

extension Replay {
    // MARK: Doubt

    /// Takes note of damage that held a record of this group, or may have; `mayBeAnother` says whether
    /// that may have been the record which made it.
    mutating func doubt(_ group: GroupID, _ damage: Quarantine, mayBeAnother: Bool) {
        note(damage)
        if groups[group] == nil { groups[group] = .unknown }
        if mayBeAnother { groups[group]?.mayBeAnother = true }
        guard let place = groups.index(of: group), groups[valueAt: place].doubt == nil else {
            return
        }
        groups[valueAt: place].doubt = damage
    }

    /// Takes note of damage that may have held records of any group.
    mutating func doubtAll(_ damage: Quarantine) {
        note(damage)
        if unnamedDamage == nil { unnamedDamage = damage }
        for group in groups.keys { doubt(group, damage, mayBeAnother: true) }
    }

    private mutating func note(_ damage: Quarantine) {
        if !damages.contains(damage) { damages.append(damage) }
    }

    // MARK: Checkpoints

    /// Takes a checkpoint for the truth: it repeats what the records before it said, save what could not
    /// be read of them, and what a recovery found out by itself.
    mutating func take(_ section: CheckpointSection) throws(Contradiction) {
        let isBlind =
            !hasCheckpoint || unnamedDamage != nil || (section.mayMissGroups && !lostGroups)
        guard section.mayMissGroups || !lostGroups || unnamedDamage != nil else {
            throw Contradiction("a checkpoint that forgets that groups may be lost")
        }
        var next = SortedMap<GroupID, Group>()
        for (group, state) in section.states {
            next[group] = try take(state, of: group, isBlind: isBlind)
        }
        for (group, damage) in section.damaged {
            next[group] = groups[group] ?? .unknown
            next[group]?.doubt = damage
        }
        for (group, known) in groups where next[group] == nil {
            guard known.doubt != nil || isBlind else {
                throw Contradiction(
                    "a checkpoint of groups \(section.states.keys) after records of \(groups.keys)")
            }
        }
        groups = next
        for damage in section.damaged.values { note(damage) }
        lostGroups = section.mayMissGroups
        unnamedDamage = nil
        hasCheckpoint = true
    }

    private func take(
        _ state: GroupState, of group: GroupID, isBlind: Bool
    ) throws(Contradiction) -> Group {
        let known = groups[group]
        let unknownLog = ReplayedLog(base: state.baseIndex, last: state.lastIndex)
        if state.quarantine != nil { return Group(state: state, log: unknownLog) }
        if var known, known.isSound {
            try compare(state, with: known, group)
            known.state = state
            return known
        }
        guard known?.doubt != nil || isBlind else {
            throw Contradiction(
                known == nil
                    ? "a checkpoint of group \(group), which is not here"
                    : "the checkpoint of group \(group) forgets that it is quarantined")
        }
        return Group(
            state: state, log: unknownLog,
            gap: known?.doubt ?? unnamedDamage ?? (hasCheckpoint ? nil : gap))
    }

    private func compare(
        _ state: GroupState, with known: Group, _ group: GroupID
    ) throws(Contradiction) {
        var expected = known.state.checkpoint(fault: settings.fault)
        // Recovery may have found the replica to be amnesiac.
        expected.isAmnesiac = state.isAmnesiac
        guard state == expected, state.lastIndex == known.log.last else {
            throw Contradiction(
                "the checkpoint of group \(group) says \(state), the records before it \(expected), "
                    + "with a log up to \(known.log.last)")
        }
    }

    /// Takes up the groups of a checkpoint whose end is damaged, so that it may not name them all.
    mutating func remember(_ section: CheckpointSection) {
        for (group, state) in section.states
        where groups[group].map({ $0.state.replica == .unknown }) ?? true {
            groups[group] = Group(
                state: state, log: ReplayedLog(base: state.baseIndex, last: state.lastIndex))
        }
        for (group, damage) in section.damaged { doubt(group, damage, mayBeAnother: false) }
        if section.mayMissGroups { lostGroups = true }
        hasCheckpoint = true
    }
}

extension Replay.Group {
    /// One of which only the id is known.
    fileprivate static var unknown: Self {
        Self(
            state: GroupState(
                replica: .unknown, initialConfiguration: Configuration(voters: [])),
            log: ReplayedLog(base: .zero, last: .zero))
    }
}
