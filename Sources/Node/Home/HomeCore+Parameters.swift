import Primitives
import Topology

/// A change of parameters that a client of this node waits for.
struct AwaitedParameterChange: Sendable {
    var loop: Int
    var ticket: UInt64
    var change: ParameterChange
    var since: Instant
    var sentAt: Instant?
}

/// `CONFIG SET` for the whole cluster: a change goes to the leader of group 0, again and again until the
/// directory shows it. Changes of one node go one after the other, so that the mark of the last one
/// says what became of it.
extension HomeCore {
    mutating func change(
        _ values: [ParameterValue], ticket: UInt64, for core: CoreID, now: Instant,
        into effects: inout [HomeEffect]
    ) {
        guard case .loop(let loop) = core else { return }
        lastParameterChange.number += 1
        let change = ParameterChange(node: nodeID, mark: lastParameterChange, values: values)
        let awaited = AwaitedParameterChange(
            loop: loop, ticket: ticket, change: change, since: now)
        var copy = directory
        if case .refused(let reason) = copy.apply(.setParameters(change)) {
            return refuse(awaited, "ERR the parameters can't be set: \(reason)", into: &effects)
        }
        guard parameterChanges.count < settings.maxParameterChangeCount else {
            return refuse(awaited, "TRYAGAIN too many CONFIG SET are under way", into: &effects)
        }
        parameterChanges.append(awaited)
        continueParameterChanges(now: now, into: &effects)
    }

    mutating func continueParameterChanges(now: Instant, into effects: inout [HomeEffect]) {
        while let first = parameterChanges.first {
            if directory.parameterChanges[nodeID]?.covers(first.change.mark) == true {
                parameterChanges.removeFirst()
                effects.append(
                    .post(
                        .parametersChanged(ticket: first.ticket, epoch: directory.epoch),
                        to: .loop(first.loop)))
            } else if now.milliseconds(since: first.since) >= settings.parameterMilliseconds {
                parameterChanges.removeFirst()
                let text =
                    first.sentAt == nil
                    ? "CLUSTERDOWN no leader of the directory is known"
                    : "UNCERTAIN the parameters may or may not have been set"
                refuse(first, text, into: &effects)
            } else {
                guard let leader = directoryLeader, isDue(first.sentAt, now: now) else { return }
                parameterChanges[0].sentAt = now
                let command = DirectoryCommand.setParameters(first.change)
                if leader == nodeID {
                    propose(command, into: &effects)
                } else {
                    send(.propose(command), to: leader, into: &effects)
                }
                return
            }
        }
    }

    private func refuse(
        _ change: AwaitedParameterChange, _ text: String, into effects: inout [HomeEffect]
    ) {
        effects.append(
            .post(.parametersRefused(ticket: change.ticket, text), to: .loop(change.loop)))
    }
}
