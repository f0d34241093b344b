import Consensus
import Primitives
import Testing

/// "In Search of an Understandable Consensus Algorithm" (Ongaro and Ousterhout, extended version),
/// section by section.
@Suite("Raft paper")
struct RaftPaperTests {
    /// A cluster whose replica 1 leads term 1 and has committed its first entry everywhere.
    private static func led(_ count: Int = 3) -> ScriptCluster {
        var cluster = ScriptCluster(count: count)
        cluster.campaign(1)
        cluster.settle()
        cluster.tickAll(50)
        cluster.settle()
        return cluster
    }

    private static func request(
        from: Int, to: Int, term: UInt64, lastIndex: UInt64, lastTerm: UInt64
    ) -> RaftMessage {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(1))
        for member in [from, to] {
            bytes.append(littleEndian: UInt64(member))
            bytes.append(littleEndian: UInt64(member))
        }
        bytes.append(littleEndian: term)
        bytes.append(3)
        bytes.append(littleEndian: lastIndex)
        bytes.append(littleEndian: lastTerm)
        bytes.append(0)
        var reader = ByteReader(bytes)
        do throws(DecodingFailure) {
            return try RaftMessage(reading: &reader)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    // MARK: §5.1 Raft basics

    @Test(
        "§5.1: a server with an older term takes over the newer one and follows", arguments: 1...3)
    func updatesTerm(number: Int) {
        var cluster = Self.led()
        // Nobody disturbs a leader, so its voters must have heard nothing for a while.
        cluster.tick(2, 300)
        cluster.tick(3, 300)
        cluster.tick(1, 650)
        cluster.receive(Self.request(from: 4, to: number, term: 9, lastIndex: 9, lastTerm: 1))
        #expect(cluster.group(number).term == Term(9))
        #expect(cluster.group(number).role == .follower)
    }

    @Test("§5.1: a request with an older term is refused, with the present one")
    func refusesOldTerm() {
        var cluster = Self.led()
        _ = cluster.takeLines()
        cluster.receive(Self.request(from: 3, to: 2, term: 0, lastIndex: 9, lastTerm: 0))
        let lines = cluster.takeLines()
        #expect(lines == ["2->3 voteResponse refused term=1"])
    }

    // MARK: §5.2 Leader election

    @Test("§5.2: servers start as followers")
    func startsAsFollower() {
        let cluster = ScriptCluster(count: 3, isCold: true)
        for number in 1...3 { #expect(cluster.group(number).role == .follower) }
    }

    @Test("§5.2: a candidate needs a majority", arguments: [1, 2, 3, 5, 7])
    func needsMajority(count: Int) {
        for reachable in 1...count {
            var cluster = ScriptCluster(count: count)
            cluster.campaign(1)
            cluster.settle(cut: Array(1...count).filter { $0 > reachable })
            let isLeader = cluster.group(1).role == .leader
            #expect(isLeader == (reachable > count / 2), "\(reachable) of \(count)")
        }
    }

    @Test("§5.2: a server votes once in a term, first come, first served")
    func votesOnce() {
        var cluster = ScriptCluster(count: 3)
        _ = cluster.takeLines()
        cluster.receive(Self.request(from: 1, to: 2, term: 1, lastIndex: 0, lastTerm: 0))
        cluster.receive(Self.request(from: 3, to: 2, term: 1, lastIndex: 0, lastTerm: 0))
        cluster.receive(Self.request(from: 1, to: 2, term: 1, lastIndex: 0, lastTerm: 0))
        cluster.persist(2)
        let lines = cluster.takeLines()
        #expect(
            lines == [
                "2 persist term=1 vote=1", "2 sees leader none term=1",
                "2->1 voteResponse granted term=1", "2->3 voteResponse refused term=1",
                "2->1 voteResponse granted term=1",
            ])
    }

    @Test("§5.2: a vote survives a restart")
    func voteSurvives() {
        var cluster = ScriptCluster(count: 3)
        cluster.receive(Self.request(from: 1, to: 2, term: 1, lastIndex: 0, lastTerm: 0))
        cluster.persist(2)
        cluster.restart(2)
        cluster.tick(2, 300)
        _ = cluster.takeLines()
        cluster.receive(Self.request(from: 3, to: 2, term: 1, lastIndex: 0, lastTerm: 0))
        let lines = cluster.takeLines()
        #expect(lines == ["2->3 voteResponse refused term=1"])
    }

    @Test("§5.2: a candidate that hears the leader of its term follows it")
    func candidateFollows() {
        var cluster = ScriptCluster(count: 3)
        cluster.campaign(3)
        cluster.settle(cut: [1])
        cluster.tick(1, 50)
        #expect(cluster.group(3).role == .leader)
        cluster.campaign(1)
        #expect(cluster.group(1).role == .preCandidate)
        cluster.tick(3, 50)
        cluster.deliver(3, 1)
        #expect(cluster.group(1).role == .follower)
        #expect(cluster.group(1).leader == ScriptCluster.member(3))
    }

    @Test("§5.2: election time-outs are drawn between one and two times the minimum")
    func timeoutsAreDrawn() {
        var waits: [Int] = []
        for seed in UInt64(0)..<200 {
            var replica = TestReplica(
                id: ReplicaID(1),
                now: Moment(boot: Instant(nanoseconds: 0), wallMilliseconds: 0))
            let voters = Configuration(voters: (1...3).map(ScriptCluster.member))
            replica.start(initial: voters, settings: RaftSettings(), seed: seed)
            var effects: [RaftEffect] = []
            var wait = 0
            while replica.group?.role == .follower, wait < 1000 {
                replica.advance(milliseconds: 10)
                wait += 10
                let now = replica.now
                replica.group?.tick(now: now, into: &effects)
            }
            waits.append(wait)
        }
        #expect(waits.allSatisfy { (300...610).contains($0) })
        #expect(waits.contains { $0 < 350 })
        #expect(waits.contains { $0 > 550 })
    }

    // MARK: §5.3 Log replication

    @Test("§5.3: an entry commits once a majority has it", arguments: [3, 5])
    func commitsWithMajority(count: Int) {
        for reachable in 1...count {
            var cluster = Self.led(count)
            let index = cluster.propose(1, "x")
            cluster.settle(cut: Array(1...count).filter { $0 > reachable })
            #expect((cluster.group(1).commitIndex == index) == (reachable > count / 2))
        }
    }

    /// Figure 7: the leader of term 8 has terms 1 1 1 4 4 5 5 6 6 6.
    @Test(
        "§5.3: every follower of figure 7 gets the leader's log",
        arguments: [
            [1, 1, 1, 4, 4, 5, 5, 6, 6], [1, 1, 1, 4],
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6], [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
            [1, 1, 1, 4, 4, 4, 4], [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
        ])
    func figure7(follower: [UInt64]) {
        let leader: [UInt64] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
        var cluster = ScriptCluster(count: 3)
        cluster.seed(1, terms: leader, term: 7)
        cluster.seed(2, terms: follower, term: 7)
        cluster.seed(3, terms: [1, 1, 1, 4], term: 7)
        cluster.tickAll(300)
        cluster.campaign(1)
        cluster.settle(cut: [2])
        #expect(cluster.group(1).role == .leader)
        cluster.tick(1, 50)
        cluster.settle()
        cluster.tick(1, 50)
        cluster.settle()
        let group = cluster.group(2)
        for index in (1...UInt64(leader.count + 1)).map(LogIndex.init) {
            #expect(group.term(at: index) == cluster.group(1).term(at: index))
        }
        #expect(group.lastIndex == cluster.group(1).lastIndex)
    }

    @Test("§5.3: a leader never overwrites its own entries")
    func leaderAppendsOnly() {
        var cluster = Self.led()
        _ = cluster.propose(1, "a")
        let before = cluster.group(1).entry(at: LogIndex(2))
        cluster.settle()
        #expect(cluster.group(1).entry(at: LogIndex(2)) == before)
    }

    // MARK: §5.4 Safety

    @Test(
        "§5.4.1: a vote goes only to a log that is at least as up to date",
        arguments: [
            (UInt64(1), UInt64(2), false), (2, 1, false), (2, 2, true), (3, 2, true), (1, 3, true),
        ])
    func votesForUpToDate(lastIndex: UInt64, lastTerm: UInt64, isGranted: Bool) {
        var cluster = ScriptCluster(count: 3)
        cluster.seed(2, terms: [1, 2], term: 3)
        cluster.tick(2, 300)
        _ = cluster.takeLines()
        cluster.receive(
            Self.request(from: 1, to: 2, term: 4, lastIndex: lastIndex, lastTerm: lastTerm))
        cluster.persist(2)
        let word = isGranted ? "granted" : "refused"
        let lines = cluster.takeLines()
        #expect(lines.contains("2->1 voteResponse \(word) term=4"))
    }

    /// Figure 8: a leader of term 4 has brought an entry of term 2 to a majority, and no entry of its
    /// own.
    private static func figure8(_ fault: RaftFault?) -> LogIndex {
        var settings = RaftSettings()
        settings.fault = fault
        settings.maxMessageByteCount = 1
        var cluster = ScriptCluster(count: 5, settings: settings)
        cluster.seed(1, terms: [1, 2], term: 3)
        for number in 2...5 { cluster.seed(number, terms: [1], term: 3) }
        cluster.tickAll(300)
        cluster.campaign(1)
        cluster.settle(cut: [4, 5])
        cluster.restart(1)
        for number in 2...5 { cluster.seed(number, terms: [1], term: 4) }
        cluster.tickAll(300)
        cluster.campaign(1)
        for _ in 0..<6 {
            for number in 2...5 {
                cluster.deliver(1, number)
                cluster.persist(number, 1)
                cluster.deliver(number, 1)
                cluster.persist(1, 1)
            }
            if cluster.group(1).progress.filter({ $0.match == LogIndex(2) }).count >= 2 { break }
        }
        return cluster.group(1).commitIndex
    }

    @Test("§5.4.2: an older term's entry does not commit by counting (figure 8)")
    func olderTermDoesNotCommit() {
        #expect(Self.figure8(nil) == .zero)
        #expect(Self.figure8(.commitOlderTermByCounting) >= LogIndex(2))
    }

    // MARK: §5.5 Follower and candidate crashes

    @Test("§5.5: requests are repeated until a follower that was down has answered")
    func retries() {
        var cluster = Self.led()
        cluster.crash(3)
        let index = cluster.propose(1, "x")
        cluster.settle()
        cluster.restart(3)
        cluster.run(200)
        #expect(cluster.group(3).commitIndex == index)
    }

    @Test("§5.5: a request that comes twice changes nothing")
    func isIdempotent() {
        var cluster = Self.led()
        _ = cluster.propose(1, "x")
        cluster.duplicate(1, 2)
        cluster.settle()
        #expect(cluster.group(2).lastIndex == LogIndex(2))
        #expect(cluster.group(1).commitIndex == LogIndex(2))
    }

    // MARK: §5.6 Timing and availability

    @Test("§5.6: a cluster elects a leader, and a new one when that fails", arguments: [3, 5])
    func elects(count: Int) throws {
        var cluster = ScriptCluster(count: count)
        cluster.run(3000)
        let first = try #require(cluster.leader)
        cluster.crash(first)
        cluster.run(3000)
        let second = try #require(cluster.leader)
        #expect(second != first)
    }

    // MARK: §6 Cluster membership changes

    @Test("§6: a server uses the latest configuration in its log, committed or not")
    func configurationInForce() {
        var cluster = Self.led(4)
        let isBegun = cluster.configure(1, voters: [1, 2, 3], learners: [4])
        #expect(isBegun)
        #expect(cluster.group(1).commitIndex < cluster.group(1).lastIndex)
        #expect(cluster.group(1).configuration.learners == [ScriptCluster.member(4)])
    }

    @Test("§6: a joint configuration decides by both majorities")
    func jointNeedsBoth() {
        for reachable in [[1, 2], [1, 4, 5], [1, 2, 4]] {
            var cluster = ScriptCluster(count: 5, voters: [1, 2, 3])
            cluster.campaign(1)
            cluster.settle()
            let isBegun = cluster.configure(1, voters: [1, 4, 5], learners: [])
            #expect(isBegun)
            let joint = cluster.group(1).lastIndex
            cluster.settle(cut: Array(1...5).filter { !reachable.contains($0) })
            cluster.run(100, cut: Array(1...5).filter { !reachable.contains($0) })
            let isCommitted = cluster.group(1).commitIndex >= joint
            #expect(isCommitted == (reachable == [1, 2, 4]), "\(reachable)")
        }
    }

    @Test("§6: a removed server that hears nothing does not disturb the cluster")
    func removedDoesNotDisturb() {
        var cluster = Self.led()
        let isBegun = cluster.configure(1, voters: [1, 2], learners: [])
        #expect(isBegun)
        cluster.settle()
        cluster.run(2000)
        #expect(cluster.leader == 1)
        #expect(cluster.group(1).term == Term(1))
    }

    // MARK: §7 Log compaction

    @Test("§7: a snapshot replaces the log that it covers, and what conflicts with it")
    func snapshotReplaces() {
        var cluster = ScriptCluster(count: 3)
        cluster.seed(3, terms: [1, 1, 1, 1, 1, 1], term: 1)
        cluster.seed(1, terms: [1, 2], term: 2)
        cluster.seed(2, terms: [1, 2], term: 2)
        cluster.tickAll(300)
        cluster.campaign(1)
        cluster.settle(cut: [3])
        #expect(cluster.group(1).commitIndex == LogIndex(3))
        _ = cluster.takeLines()
        let isTaken = cluster.restore(3, from: 1)
        #expect(isTaken)
        let lines = cluster.takeLines()
        #expect(
            lines == [
                "3 persist truncation after=2", "3 persist snapshot 3@3",
            ])
        #expect(cluster.group(3).lastIndex == LogIndex(3))
        #expect(cluster.group(3).commitIndex == LogIndex(3))
    }

    @Test("§7: a snapshot of a prefix keeps the entries after it")
    func snapshotKeeps() {
        var cluster = Self.led()
        for text in ["a", "b", "c"] { _ = cluster.propose(1, text) }
        cluster.settle(cut: [2])
        cluster.restart(3)
        let isTaken = cluster.restore(3, from: 1)
        #expect(isTaken)
        _ = cluster.propose(1, "d")
        cluster.run(100)
        #expect(cluster.group(3).lastIndex == LogIndex(5))
        #expect(cluster.group(3).entry(at: LogIndex(5))?.payload == Array("d".utf8))
    }

    // MARK: §8 Client interaction

    @Test("§8: a leader serves reads once an entry of its term is committed")
    func readsNeedOwnTerm() {
        var cluster = Self.led()
        cluster.tick(2, 300)
        cluster.tick(3, 300)
        cluster.campaign(2)
        for _ in 0..<3 {
            cluster.deliver(2, 3)
            cluster.persist(2)
            cluster.persist(3, 1)
            if cluster.group(2).role == .leader { break }
            cluster.deliver(3, 2)
        }
        #expect(cluster.group(2).role == .leader)
        let permission = cluster.read(2)
        #expect(permission == .notReady)
        cluster.settle()
        let laterPermission = cluster.read(2)
        #expect(laterPermission != .notReady)
        #expect(cluster.group(2).readFloor == LogIndex(2))
    }

    @Test("§8: a leader that was replaced confirms no read")
    func replacedLeaderConfirmsNothing() {
        var cluster = Self.led()
        cluster.tick(1, 280)
        guard case .afterRound = cluster.read(1) else {
            Issue.record("a lease after 280 ms")
            return
        }
        cluster.drop(1, 2)
        cluster.drop(1, 3)
        cluster.tick(2, 300)
        cluster.tick(3, 300)
        cluster.campaign(2)
        cluster.settle(cut: [1])
        #expect(cluster.group(2).role == .leader)
        _ = cluster.takeLines()
        cluster.run(200)
        let lines = cluster.takeLines()
        #expect(lines.contains("1 reads dropped"))
        #expect(!lines.contains { $0.hasPrefix("1 reads confirmed") })
    }
}
