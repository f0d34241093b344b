import Consensus
import Keyspace
import Primitives

/// Comparing the states of a group's replicas (design §4): now and then an entry asks for it. Each
/// replica walks its state as it is there, a slice in each turn, and tells the others its hash. Who
/// differs from a majority gives its replica up.
extension LoopCore {
    // MARK: Asking

    /// Asks for a comparison where the last one is long ago; of one shard at a time.
    mutating func proposeStateChecks(now: Moment) {
        guard settings.stateCheckMilliseconds > 0, !isStopping,
            !shards.contains(where: { $0.check.digest != nil }),
            let index = shards.indices.first(where: { isStateCheckDue($0, now: now) })
        else { return }
        shards[index].stateCheckAt = now.boot
        appendCommand(Span<UInt8>(), place: .none, flags: .checkState, to: index)
        shards[index].open.lastOperation = shards[index].lastOperation
    }

    private func isStateCheckDue(_ index: Int, now: Moment) -> Bool {
        let shard = shards[index]
        return shard.isLeader && shard.machine.kind == .shard && shard.machine.isReady
            && now.boot.milliseconds(since: shard.stateCheckAt) >= settings.stateCheckMilliseconds
            && shard.raft.hasCommittedOwnTerm && !shard.raft.lacksRoom(now: now)
            && !shard.isHalted && !shard.raft.isTransferring
            && !shard.machine.isSnapshotUnderWay
            && shard.raft.configuration.members.count > 1
    }

    // MARK: Hashing

    /// Begins to hash the state of a shard as it is now, at a place that an entry names. A replica
    /// whose state is walked for a snapshot, or that goes through its log after a start, leaves it out.
    mutating func beginStateCheck(of index: Int, at place: LogIndex, now: Moment) {
        shards[index].stateCheckAt = now.boot
        guard place > shards[index].recoveredIndex,
            !shards[index].machine.isSnapshotUnderWay
        else { return }
        shards[index].check.begin(at: place, shards[index].appliedConfiguration)
        shards[index].check.digest = StateDigest(
            seed: shards[index].machine.slots.stateHash())
        shards[index].machine.beginWalk()
    }

    /// Takes the directory's state for the comparison: it is small, and each of its entries asks for one.
    mutating func checkDirectoryState(of index: Int, at place: LogIndex) {
        guard place > shards[index].recoveredIndex else { return }
        shards[index].check.begin(at: place, shards[index].appliedConfiguration)
        finishStateCheck(of: index, shards[index].machine.directory.stateHash())
    }

    /// Hashes some more.
    mutating func continueStateCheck() {
        guard let index = shards.firstIndex(where: { $0.check.digest != nil }),
            var digest = shards[index].check.digest
        else { return }
        shards[index].check.digest = nil
        let machine = shards[index].machine
        let isWhole = machine.continueSnapshot(byteBudget: settings.snapshotSliceByteCount)
        do throws(DecodingFailure) {
            for block in machine.takeSnapshotBlocks() { try digest.take(block) }
        } catch {
            preconditionFailure("a walk wrote what can't be read: \(error)")
        }
        guard isWhole else {
            shards[index].check.digest = digest
            return
        }
        finishStateCheck(of: index, digest.value)
        judge(index)
    }

    /// Ends the hashing of a state that is replaced.
    mutating func abandonStateCheck(of index: Int) { shards[index].check.digest = nil }

    private mutating func finishStateCheck(of index: Int, _ hash: UInt64) {
        shards[index].check.finish(hash)
        let members = shards[index].raft.configuration.members
        shards[index].check.forgetReports(exceptOf: members)
        for member in members where member.replica != shards[index].replica {
            sendStateReport(of: index, to: member.node, wantsAnswer: true)
        }
    }

    private mutating func sendStateReport(of index: Int, to node: NodeID, wantsAnswer: Bool) {
        guard let hash = shards[index].check.hash else { return }
        let report = StateReport(
            group: shards[index].group,
            from: Member(replica: shards[index].replica, node: settings.nodeID),
            index: shards[index].check.index, hash: hash, wantsAnswer: wantsAnswer)
        effects.append(
            .frame(
                to: node, PeerFrame(type: .stateReport, body: report.encode()), .consensus))
    }

    // MARK: Judging

    /// Another replica has said what its state is.
    mutating func receive(_ report: StateReport, now: Moment) {
        guard let index = shardIndexes[report.group],
            shards[index].raft.configuration.members.contains(report.from)
        else { return }
        shards[index].check.take(report)
        guard report.index == shards[index].check.index else { return }
        if report.wantsAnswer {
            sendStateReport(of: index, to: report.from.node, wantsAnswer: false)
        }
        judge(index)
    }

    /// Draws the conclusion from what is known, once there is one.
    private mutating func judge(_ index: Int) {
        let group = shards[index].group
        let place = shards[index].check.index
        switch shards[index].check.verdict(of: shards[index].replica) {
        case .open: break
        case .majority(let dissenters):
            if !shards[index].check.isConfirmed {
                shards[index].check.isConfirmed = true
                statistics.stateChecks += 1
            }
            guard dissenters.count > shards[index].check.namedCount else { return }
            statistics.stateDifferences += dissenters.count - shards[index].check.namedCount
            shards[index].check.namedCount = dissenters.count
            let names = dissenters.map { "replica \($0.replica) on node \($0.node)" }
            effects.append(
                .log(
                    .error,
                    "after entry \(place) of group \(group), \(names.joined(separator: " and ")) "
                        + "had another state than the majority, which this node is of"))
        case .minority:
            statistics.stateDifferences += 1
            shards[index].differsAfter = place
        case .undecided:
            let count = shards[index].check.configuration.members.count
            guard shards[index].check.namedCount < count else { return }
            shards[index].check.namedCount = count
            statistics.stateDifferences += 1
            effects.append(
                .log(
                    .error,
                    "after entry \(place) of group \(group) its replicas had different states, "
                        + "and no majority agrees: which one is right can't be told"))
        }
    }

    /// Gives up the replicas that are known to differ from a majority.
    mutating func quarantineDiffering(now: Moment) {
        for index in shards.indices where !shards[index].isRetired {
            guard let place = shards[index].differsAfter,
                settings.fault != .differingReplicaStays
            else { continue }
            quarantine(
                shards[index].group,
                reason: "after entry \(place) its state differs from that of the majority",
                now: now)
        }
    }
}
