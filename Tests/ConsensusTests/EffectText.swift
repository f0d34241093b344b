import Consensus
import Primitives

extension RaftEffect {
    /// The effect as a script shows it.
    func line(_ number: Int) -> String {
        switch self {
        case .persistHardState(let state):
            "\(number) persist term=\(state.term) vote=\(state.vote.map(\.description) ?? "none")"
        case .persistEntries(let entries): "\(number) persist \(entries.line)"
        case .persistTruncation(let index): "\(number) persist truncation after=\(index)"
        case .persistSnapshot(let snapshot):
            "\(number) persist snapshot \(snapshot.index)@\(snapshot.term)"
        case .persistCaughtUp: "\(number) persist caughtUp"
        case .send(let message): message.line
        case .committed(let index): "\(number) committed \(index)"
        case .becameLeader(let term): "\(number) leads term \(term)"
        case .leaderChanged(let term, let leader):
            "\(number) sees leader \(leader?.replica.description ?? "none") term=\(term)"
        case .readsConfirmed(let round): "\(number) reads confirmed \(round)"
        case .readsDropped: "\(number) reads dropped"
        case .needsSnapshot(let member): "\(number) needs snapshot for \(member.replica)"
        case .configurationChanged(let configuration):
            "\(number) configuration \(configuration.line)"
        }
    }
}

extension Configuration {
    var line: String {
        func list(_ name: String, _ members: [Member]) -> String {
            members.isEmpty
                ? ""
                : " \(name)=" + members.map(\.replica.description).joined(separator: ",")
        }
        return String(
            (list("voters", voters) + list("outgoing", outgoing) + list("learners", learners))
                .dropFirst())
    }
}

extension [LogEntry] {
    var line: String {
        map { entry in
            let content =
                switch entry.kind {
                case .command: String(decoding: entry.payload, as: UTF8.self)
                case .noop: "noop"
                case .configuration: "configuration"
                }
            return "\(entry.index)@\(entry.term):\(content)"
        }.joined(separator: " ")
    }
}

extension RaftMessage {
    var line: String { "\(from.replica)->\(to.replica) \(text) term=\(term)" }

    private var text: String {
        switch body {
        case .preVote(let request): "preVote \(request.line)"
        case .preVoteResponse(let response): "preVoteResponse \(response.line)"
        case .vote(let request): "vote \(request.line)"
        case .voteResponse(let response): "voteResponse \(response.line)"
        case .append(let append):
            "append after=\(append.previousIndex)@\(append.previousTerm) "
                + "commit=\(append.commitIndex)"
                + (append.session == 0 ? "" : " session=\(append.session)")
                + (append.entries.isEmpty ? "" : " [\(append.entries.line)]")
        case .appendAccepted(let match, _): "accepted \(match)"
        case .appendRejected(let rejection):
            "rejected \(rejection.previousIndex) "
                + "hint=\(rejection.hintIndex)@\(rejection.hintTerm)"
                + (rejection.nonce == 0 ? "" : " lost")
        case .heartbeat(let heartbeat):
            "heartbeat round=\(heartbeat.round) commit=\(heartbeat.commitIndex)"
        case .heartbeatResponse(let round, let matched, let hindrance):
            "heartbeatResponse round=\(round) matched=\(matched)"
                + (hindrance == .none ? "" : " \(hindrance)")
        case .timeoutNow: "timeoutNow"
        }
    }
}

extension RaftMessage.VoteRequest {
    fileprivate var line: String { "last=\(lastIndex)@\(lastTerm)\(isTransfer ? " transfer" : "")" }
}

extension RaftMessage.VoteResponse {
    fileprivate var line: String {
        (isGranted ? "granted" : "refused") + (isAmnesiac ? " amnesiac" : "")
    }
}
