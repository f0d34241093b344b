import Primitives
import Testing

@testable import Node

@Suite("Comparing the states of replicas") struct StateCheckTests {
    private static func rig() throws -> ClusterRig {
        try ClusterRig { _, settings in
            settings.stateCheckMilliseconds = 500
            settings.allowsDebug = true
        }
    }

    private static func fill(_ rig: ClusterRig) {
        let client = rig.connect(0)
        for number in 0..<50 {
            #expect(rig.run([["SET", "{b}\(number)", "value"]], on: client) == "+OK\r\n")
            #expect(rig.run([["HSET", "{b}h", "f\(number)", "v"]], on: client) == ":1\r\n")
        }
    }

    private static func spoil(_ rig: ClusterRig, node: Int) {
        #expect(rig.run([["DEBUG", "SPOIL", "{b}7"]], on: rig.connect(node)) == "+OK\r\n")
    }

    @Test("finds nothing where they are equal, while clients write") func equal() throws {
        let rig = try Self.rig()
        let client = rig.connect(0)
        for number in 0..<100 {
            #expect(rig.run([["SET", "{b}\(number)", "value"]], on: client) == "+OK\r\n")
            rig.advance(milliseconds: 50)
        }
        for node in 0..<3 {
            #expect(rig.counters(node).stateChecks > 8)
            #expect(rig.counters(node).stateDifferences == 0)
        }
    }

    @Test("gives up a replica that differs from the others, whoever leads", arguments: [0, 2])
    func minority(spoilt: Int) throws {
        let rig = try Self.rig()
        Self.fill(rig)
        Self.spoil(rig, node: spoilt)
        rig.advance(milliseconds: 3000)
        #expect(rig.inspect(spoilt) == nil)
        #expect(rig.inspect(spoilt, group: 2) != nil)
        #expect(
            rig.log(spoilt).contains { line in
                line.contains("of group 1 is quarantined: after entry")
                    && line.contains("its state differs from that of the majority")
            })
        for node in 0..<3 where node != spoilt {
            #expect(rig.inspect(node) != nil)
            #expect(rig.counters(node).stateDifferences == 1)
            #expect(
                rig.log(node).contains { line in
                    line.contains("replica") && line.contains("had another state than the majority")
                })
        }
        let leader = try #require(rig.leader(of: 1))
        #expect(rig.run([["GET", "{b}7"]], on: rig.connect(leader)) == "$5\r\nvalue\r\n")
    }

    @Test("says so when no majority agrees, and gives none up") func undecided() throws {
        let rig = try Self.rig()
        Self.fill(rig)
        #expect(rig.run([["DEBUG", "SPOIL", "{b}7"]], on: rig.connect(1)) == "+OK\r\n")
        #expect(rig.run([["DEBUG", "SPOIL", "{b}8"]], on: rig.connect(2)) == "+OK\r\n")
        rig.advance(milliseconds: 3000)
        for node in 0..<3 {
            #expect(rig.inspect(node) != nil)
            #expect(rig.log(node).contains { $0.contains("no majority agrees") })
        }
    }

    @Test("waits for a replica that comes later, which then judges itself") func late() throws {
        let rig = try Self.rig()
        Self.fill(rig)
        Self.spoil(rig, node: 2)
        rig.delivers = { from, to, _ in from != 2 && to != 2 }
        rig.advance(milliseconds: 700)
        #expect(rig.inspect(2) != nil)
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 2000)
        #expect(rig.inspect(2) == nil)
    }

    @Test("DEBUG is refused unless it is allowed") func refused() throws {
        let rig = try ClusterRig()
        #expect(
            rig.run([["DEBUG", "SPOIL", "{b}7"]], on: rig.connect(0))
                == "-ERR DEBUG command not allowed. Set security.debug-commands to use it\r\n")
    }

    // MARK: Verdicts

    private static func member(_ number: UInt64) -> Member {
        Member(replica: ReplicaID(number), node: NodeID(number))
    }

    /// The verdict of voter 1, whose hash is 10, when others say `hashes`.
    private static func verdict(
        voters: ClosedRange<UInt64>, outgoing: [UInt64] = [], _ hashes: [UInt64: UInt64]
    ) -> StateCheck.Verdict {
        var check = StateCheck()
        for number in hashes.keys.sorted() {
            check.take(
                StateReport(
                    group: GroupID(1), from: member(number), index: LogIndex(5),
                    hash: hashes[number] ?? 0, wantsAnswer: false))
        }
        check.begin(
            at: LogIndex(5),
            Configuration(voters: voters.map(member), outgoing: outgoing.map(member)))
        check.finish(10)
        return check.verdict(of: ReplicaID(1))
    }

    @Test("a majority of the voters decides") func verdicts() {
        #expect(Self.verdict(voters: 1...3, [:]) == .open)
        #expect(Self.verdict(voters: 1...3, [2: 10]) == .majority(dissenters: []))
        #expect(Self.verdict(voters: 1...3, [2: 11]) == .open)
        #expect(Self.verdict(voters: 1...3, [2: 11, 3: 11]) == .minority)
        #expect(
            Self.verdict(voters: 1...3, [2: 10, 3: 11])
                == .majority(dissenters: [Self.member(3)]))
        #expect(Self.verdict(voters: 1...3, [2: 11, 3: 12]) == .undecided)
        #expect(Self.verdict(voters: 1...2, [2: 11]) == .undecided)
        #expect(Self.verdict(voters: 1...5, [2: 11, 3: 11]) == .open)
        // Learners have no say.
        #expect(Self.verdict(voters: 1...3, [7: 10, 8: 10]) == .open)
        // In a joint configuration both sides must agree.
        #expect(Self.verdict(voters: 1...3, outgoing: [4, 5, 6], [2: 10, 3: 10]) == .open)
        #expect(
            Self.verdict(voters: 1...3, outgoing: [4, 5, 6], [2: 10, 4: 10, 5: 10])
                == .majority(dissenters: []))
    }

    @Test("a report that was cut short or has something behind it is refused") func coding() throws
    {
        let report = StateReport(
            group: GroupID(3), from: Self.member(4), index: LogIndex(5), hash: 6, wantsAnswer: true)
        let bytes = report.encode()
        #expect(try StateReport(decoding: bytes) == report)
        for count in 0..<bytes.count {
            #expect(throws: DecodingFailure.self) {
                try StateReport(decoding: Array(bytes[..<count]))
            }
        }
        #expect(throws: DecodingFailure.self) { try StateReport(decoding: bytes + [0]) }
    }
}
