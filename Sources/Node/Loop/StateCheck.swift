import Keyspace
import Primitives

/// How a replica's state compares with that of the others after one entry.
struct StateCheck: Sendable {
    /// The entry after which the state was, or is being, hashed; 0 before the first.
    var index = LogIndex.zero
    /// Who had a vote there.
    var configuration = Configuration(voters: [])
    /// While the state is being walked.
    var digest: StateDigest?
    /// Of the own state at ``index``, once it is known.
    private(set) var hash: UInt64?
    /// The newest of each other replica.
    private(set) var reports: [StateReport] = []
    /// Whether a majority is known to agree with the own state.
    var isConfirmed = false
    /// Replicas whose difference has been told of; all replicas of a check that nobody can decide.
    var namedCount = 0

    enum Verdict: Equatable {
        /// Too few have reported.
        case open
        /// A majority has this state, and these replicas have another one.
        case majority(dissenters: [Member])
        /// A majority agrees on another state.
        case minority
        /// Every voter has reported, and no majority agrees.
        case undecided
    }

    /// Goes over to an entry; what others have said of it is kept.
    mutating func begin(at index: LogIndex, _ configuration: Configuration) {
        self.index = index
        self.configuration = configuration
        digest = nil
        hash = nil
        isConfirmed = false
        namedCount = 0
    }

    mutating func finish(_ hash: UInt64) {
        digest = nil
        self.hash = hash
    }

    /// Takes note of what another replica has said; only its newest report is kept.
    mutating func take(_ report: StateReport) {
        if let place = reports.firstIndex(where: { $0.from == report.from }) {
            if reports[place].index <= report.index { reports[place] = report }
        } else {
            reports.append(report)
        }
    }

    /// Forgets what replicas have said that are no members any more.
    mutating func forgetReports(exceptOf members: [Member]) {
        reports.removeAll { !members.contains($0.from) }
    }

    /// What follows from the reports so far for `replica`, whose check this is.
    func verdict(of replica: ReplicaID) -> Verdict {
        guard let hash else { return .open }
        let others = reports.filter { $0.index == index }
        var hashes = [hash]
        for report in others where !hashes.contains(report.hash) { hashes.append(report.hash) }
        func has(_ member: Member, _ wanted: UInt64) -> Bool {
            member.replica == replica
                ? hash == wanted
                : others.contains { $0.from == member && $0.hash == wanted }
        }
        let electorates = [configuration.voters, configuration.outgoing].filter { !$0.isEmpty }
        for candidate in hashes
        where electorates.allSatisfy({ voters in
            voters.count { has($0, candidate) } > voters.count / 2
        }) {
            guard candidate == hash else { return .minority }
            return .majority(dissenters: others.filter { $0.hash != hash }.map(\.from))
        }
        let areAllKnown = electorates.joined().allSatisfy { voter in
            voter.replica == replica || others.contains { $0.from == voter }
        }
        return areAllKnown ? .undecided : .open
    }
}
