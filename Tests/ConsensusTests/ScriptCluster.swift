import Consensus
import Primitives

/// A cluster that does just what a script says, and writes down what the replicas answer.
struct ScriptCluster {
    private(set) var replicas: [TestReplica] = []
    /// Messages under way, oldest first.
    private(set) var messages: [RaftMessage] = []
    private(set) var lines: [String] = []
    private var initial = Configuration(voters: [])
    private var settings = RaftSettings()

    static func member(_ number: Int) -> Member {
        Member(replica: ReplicaID(UInt64(number)), node: NodeID(UInt64(number)))
    }

    /// Replicas 1…`count`, of which `voters` vote from the start.
    init(
        count: Int = 3, voters: [Int]? = nil, learners: [Int] = [],
        settings: RaftSettings = RaftSettings(), isCold: Bool = false
    ) {
        self.settings = settings
        initial = Configuration(
            voters: (voters ?? Array(1...max(1, count))).map(Self.member),
            learners: learners.map(Self.member))
        for number in 1...max(1, count) {
            var replica = TestReplica(
                id: ReplicaID(UInt64(number)),
                now: Moment(
                    boot: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_000_000))
            replica.start(initial: initial, settings: settings, seed: UInt64(number))
            replicas.append(replica)
        }
        // Past the time in which votes are withheld.
        if !isCold { tickAll(settings.electionMilliseconds) }
        _ = takeLines()
    }

    mutating func takeLines() -> [String] {
        defer { lines = [] }
        return lines
    }

    func group(_ number: Int) -> RaftGroup {
        guard let group = replicas[number - 1].group else {
            preconditionFailure("replica \(number) is down")
        }
        return group
    }

    var leader: Int? {
        replicas.firstIndex { $0.group?.role == .leader }.map { $0 + 1 }
    }

    // MARK: Time

    /// Lets time pass for one replica, in steps of 10 ms.
    mutating func tick(_ number: Int, _ milliseconds: Int) {
        for _ in 0..<milliseconds / 10 {
            replicas[number - 1].advance(milliseconds: 10)
            act(number) { $0.tick(now: $1, into: &$2) }
        }
    }

    mutating func tickAll(_ milliseconds: Int) {
        for _ in 0..<milliseconds / 10 {
            for number in 1...replicas.count { tick(number, 10) }
        }
    }

    /// Lets time pass for one replica until its election time-out.
    mutating func campaign(_ number: Int) {
        for _ in 0..<100 {
            let before = group(number)
            tick(number, 10)
            let after = group(number)
            if after.role != .follower, before.role != after.role || before.term != after.term {
                return
            }
        }
    }

    // MARK: Network

    /// Delivers the oldest `limit` messages of a link.
    mutating func deliver(_ from: Int, _ to: Int, limit: Int = .max) {
        for _ in 0..<min(limit, messages.count) {
            guard let position = position(from, to) else { return }
            receive(messages.remove(at: position))
        }
    }

    mutating func drop(_ from: Int, _ to: Int, limit: Int = .max) {
        for _ in 0..<min(limit, messages.count) {
            guard let position = position(from, to) else { return }
            messages.remove(at: position)
        }
    }

    /// Puts the oldest message of a link behind a copy of it.
    mutating func duplicate(_ from: Int, _ to: Int) {
        guard let position = position(from, to) else { return }
        messages.append(messages[position])
    }

    private func position(_ from: Int, _ to: Int) -> Int? {
        messages.firstIndex {
            $0.from.replica.rawValue == from && $0.to.replica.rawValue == to
        }
    }

    mutating func receive(_ message: RaftMessage) {
        act(Int(message.to.replica.rawValue)) { $0.receive(message, now: $1, into: &$2) }
    }

    /// Lets time pass for all, with everything delivered and persisted every 10 ms.
    mutating func run(_ milliseconds: Int, cut: [Int] = []) {
        for _ in 0..<milliseconds / 10 {
            tickAll(10)
            settle(cut: cut)
        }
    }

    /// Delivers and persists everything until nothing is under way; nothing reaches or leaves `cut`.
    mutating func settle(cut: [Int] = []) {
        for _ in 0..<1000 {
            persistAll()
            guard !messages.isEmpty else { return }
            let message = messages.removeFirst()
            let ends = [message.from, message.to].map { Int($0.replica.rawValue) }
            if cut.contains(where: ends.contains) { continue }
            receive(message)
        }
    }

    // MARK: Disk

    mutating func persist(_ number: Int, _ count: Int = .max) {
        var effects: [RaftEffect] = []
        replicas[number - 1].persist(count, into: &effects)
        take(effects, number)
    }

    mutating func persistAll() {
        for _ in 0..<100 {
            guard let position = replicas.firstIndex(where: { !$0.writes.isEmpty }) else { return }
            persist(position + 1)
        }
    }

    mutating func crash(_ number: Int) {
        replicas[number - 1].crash()
    }

    /// Starts a crashed replica, after a power cut that lost its entries after `lost`, if given.
    mutating func restart(_ number: Int, losingAfter lost: LogIndex? = nil) {
        let position = number - 1
        replicas[position].crash()
        if let lost {
            replicas[position].bootID += 1
            replicas[position].disk.isAmnesiac = true
            replicas[position].disk.entries.removeAll { $0.index > lost }
        }
        replicas[position].start(
            initial: initial, settings: settings, seed: UInt64(number))
    }

    /// Starts a replica anew, with a log of entries of these terms.
    mutating func seed(_ number: Int, terms: [UInt64], term: UInt64) {
        let position = number - 1
        replicas[position].disk = TestDisk()
        replicas[position].disk.hardState = HardState(term: Term(term))
        for (offset, entryTerm) in terms.enumerated() {
            replicas[position].disk.entries.append(
                LogEntry(
                    term: Term(entryTerm), index: LogIndex(UInt64(offset + 1)), kind: .command,
                    stamp: 1, payload: Array("\(entryTerm)".utf8)))
        }
        restart(number)
    }

    // MARK: Requests

    mutating func propose(_ number: Int, _ text: String) -> LogIndex? {
        var index: LogIndex?
        act(number) { index = $0.propose(Array(text.utf8), now: $1, into: &$2) }
        return index
    }

    mutating func read(_ number: Int) -> ReadPermission {
        var permission = ReadPermission.notLeader
        act(number) { permission = $0.requestRead(now: $1, into: &$2) }
        return permission
    }

    mutating func transfer(_ number: Int, to target: Int) -> Bool {
        var isBegun = false
        act(number) {
            isBegun = $0.transferLeadership(
                to: ReplicaID(UInt64(target)), now: $1, into: &$2)
        }
        return isBegun
    }

    mutating func configure(_ number: Int, voters: [Int], learners: [Int]) -> Bool {
        var isBegun = false
        act(number) {
            isBegun = $0.proposeConfiguration(
                voters: voters.map(Self.member), learners: learners.map(Self.member), now: $1,
                into: &$2)
        }
        return isBegun
    }

    mutating func forget(_ number: Int, _ index: LogIndex) {
        replicas[number - 1].group?.forgetEntries(through: index)
    }

    /// Hands `number` a snapshot of all that `source` has committed.
    mutating func restore(_ number: Int, from source: Int) -> Bool {
        guard let metadata = group(source).snapshotMetadata(at: group(source).commitIndex) else {
            return false
        }
        var isTaken = false
        act(number) { isTaken = $0.restore(metadata, now: $1, into: &$2) }
        return isTaken
    }

    mutating func snapshotSent(_ number: Int, to target: Int, succeeded: Bool) {
        let index = group(number).commitIndex
        act(number) {
            $0.snapshotSent(
                to: ReplicaID(UInt64(target)), index: index, succeeded: succeeded, now: $1,
                into: &$2)
        }
    }

    private mutating func act(
        _ number: Int, _ action: (inout RaftGroup, Moment, inout [RaftEffect]) -> Void
    ) {
        guard var group = replicas[number - 1].group else { return }
        var effects: [RaftEffect] = []
        replicas[number - 1].group = nil
        action(&group, replicas[number - 1].now, &effects)
        replicas[number - 1].group = group
        take(effects, number)
    }

    private mutating func take(_ effects: [RaftEffect], _ number: Int) {
        for effect in effects {
            lines.append(effect.line(number))
            if effect.isPersist { replicas[number - 1].writes.append(effect) }
            if case .send(let message) = effect { messages.append(message) }
            if case .committed(let index) = effect { replicas[number - 1].appliedIndex = index }
        }
    }
}
