import Consensus
import Node
import Primitives
import Testing

@Suite("What becomes of writes and reads when leaders change") struct FateTests {
    private let group = GroupID(1)

    private func isAppend(_ message: RaftMessage) -> Bool {
        if case .append = message.body { return message.group == group }
        return false
    }

    @Test("an old entry in the place of a newer write is not taken for it")
    func displacedByOldEntry() throws {
        let rig = try ClusterRig()
        rig.lead(2)
        // Node 2 alone has two entries of its term.
        rig.delivers = { from, to, message in
            message.group != GroupID(1) || (from != 2 && to != 2)
        }
        let old = rig.connect(2)
        #expect(rig.run([["SET", "{b}1", "old"]], on: old) == "")
        #expect(rig.run([["SET", "{b}2", "old"]], on: old) == "")
        // Nodes 0 and 1 elect a leader, whose entries reach nobody.
        rig.delivers = { from, to, message in
            message.group != GroupID(1) || (from != 2 && to != 2 && !isAppend(message))
        }
        rig.advance(milliseconds: 2000)
        let displaced = try #require(rig.leader(of: 1))
        #expect(displaced != 2)
        let client = rig.connect(displaced)
        #expect(rig.run([["SET", "{b}3", "new"]], on: client) == "")
        // Node 2 leads again, and what it had is committed in the place of the newer entries.
        rig.delivers = { from, to, message in
            message.group != GroupID(1) || (from != displaced && to != displaced)
        }
        rig.advance(milliseconds: 3000)
        #expect(rig.leader(of: 1) == 2)
        #expect(rig.take(old) == "+OK\r\n+OK\r\n")
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 3000)
        #expect(rig.take(client).hasPrefix("-MOVED "))
        let leader = try #require(rig.leader(of: 1))
        #expect(rig.run([["GET", "{b}3"]], on: rig.connect(leader)) == "$-1\r\n")
    }

    @Test("a read behind an unanswered write is not older than the read")
    func boundReadWithoutLease() throws {
        let rig = try ClusterRig { node, settings in
            // Node 0 is slow to see that it leads no more.
            if node == 0 { settings.raft.electionMilliseconds = 5000 }
        }
        rig.lead(0)
        let first = rig.connect(0)
        // The write arrives, its acknowledgement doesn't.
        rig.delivers = { _, to, message in message.group != GroupID(1) || to != 0 }
        #expect(rig.run([["SET", "{b}", "1"]], on: first) == "")
        rig.delivers = { from, to, message in
            message.group != GroupID(1) || (from != 0 && to != 0)
        }
        rig.advance(milliseconds: 2000)
        let leader = try #require(rig.leader(of: 1))
        #expect(leader != 0)
        #expect(rig.inspect(0)?.role == .leader)
        let second = rig.connect(leader)
        #expect(
            rig.run([["GET", "{b}"], ["SET", "{b}", "2"], ["GET", "{b}"]], on: second)
                == "$1\r\n1\r\n+OK\r\n$1\r\n2\r\n")
        #expect(rig.run([["GET", "{b}"]], on: first) == "")
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 3000)
        let replies = rig.take(first)
        #expect(replies.hasPrefix("+OK\r\n-"), "\(replies)")
    }

    @Test("a leader that has much to apply still answers the reads that wait for it")
    func roundReadsBehindBacklog() throws {
        let rig = try ClusterRig { _, settings in
            settings.raft.leaseMilliseconds = 0
            settings.applyBatchCommandCount = 1
            settings.parkMilliseconds = 20_000
        }
        let writer = rig.connect(0)
        for number in 0..<50 {
            #expect(rig.run([["SET", "{b}\(number)", "v"]], on: writer) == "+OK\r\n")
        }
        for node in 0..<3 { rig.crash(node) }
        for node in 0..<3 { try rig.start(node) }
        let readers = (0..<3).map { rig.connect($0) }
        for reader in readers { #expect(rig.run([["GET", "{b}49"]], on: reader) == "") }
        rig.advance(milliseconds: 3000)
        let replies = readers.map { rig.take($0) }
        #expect(replies.count { $0 == "$1\r\nv\r\n" } == 1, "\(replies)")
        #expect(replies.count { $0.hasPrefix("-MOVED ") } == 2, "\(replies)")
    }

    @Test("a muted read that must wait for the next entry mutes nobody else's replies")
    func mutedReadThatWaits() throws {
        let rig = try ClusterRig { _, settings in settings.raft.leaseMilliseconds = 0 }
        rig.lead(0)
        let (muted, other) = (rig.connect(0), rig.connect(0))
        #expect(rig.run([["SET", "{b}", "1", "PX", "20"]], on: muted) == "+OK\r\n")
        // No entry is committed from here on, but rounds of heartbeats are.
        rig.delivers = { _, _, message in !isAppend(message) }
        rig.advance(milliseconds: 21)
        #expect(rig.run([["CLIENT", "REPLY", "SKIP"], ["GET", "{b}"]], on: muted) == "")
        #expect(rig.counters(0).roundReads == 1)
        #expect(rig.run([["PING"]], on: other) == "+PONG\r\n")
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 1000)
        #expect(rig.run([["GET", "{b}"]], on: muted) == "$-1\r\n")
    }

    @Test("a write that a new leader commits is answered as done by the old one")
    func committedByAnother() throws {
        let rig = try ClusterRig()
        rig.lead(0)
        let client = rig.connect(0)
        rig.delivers = { _, to, message in message.group != GroupID(1) || to != 0 }
        #expect(rig.run([["SET", "{b}", "1"]], on: client) == "")
        rig.delivers = { from, to, message in
            message.group != GroupID(1) || (from != 0 && to != 0)
        }
        rig.advance(milliseconds: 2000)
        #expect(rig.leader(of: 1) != 0)
        #expect(rig.take(client) == "")
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 2000)
        #expect(rig.take(client) == "+OK\r\n")
    }

    @Test("a write whose fate stays open is answered as uncertain")
    func uncertain() throws {
        let rig = try ClusterRig { _, settings in settings.unknownMilliseconds = 2000 }
        rig.lead(0)
        let client = rig.connect(0)
        rig.delivers = { from, to, message in
            message.group != GroupID(1) || (from != 0 && to != 0)
        }
        #expect(rig.run([["SET", "{b}", "1"]], on: client) == "")
        rig.advance(milliseconds: 1500)
        #expect(rig.take(client) == "")
        rig.advance(milliseconds: 1000)
        #expect(rig.take(client).hasPrefix("-UNCERTAIN "))
    }

    @Test("a flush that some shards did and others may have is uncertain as a whole")
    func partialFlush() throws {
        let rig = try ClusterRig()
        let client = rig.connect(0)
        #expect(
            rig.run([["SET", "{b}", "1"], ["SET", "{a}", "1"]], on: client) == "+OK\r\n+OK\r\n")
        // Group 1's entry is overwritten by that of another leader; group 2's is done.
        rig.delivers = { from, to, message in
            message.group != GroupID(1) || (from != 0 && to != 0)
        }
        #expect(rig.run([["FLUSHALL"]], on: client) == "")
        rig.advance(milliseconds: 2000)
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 2000)
        #expect(rig.take(client).hasPrefix("-UNCERTAIN "))
    }

    @Test("an entry of a newer apply level stops the node before it is applied")
    func newerLevel() throws {
        let rig = try ClusterRig()
        let client = rig.connect(0)
        #expect(rig.run([["SET", "{b}", "1"]], on: client) == "+OK\r\n")
        rig.advance(milliseconds: 100)
        let hash = rig.stateHash(2)
        rig.alters = { to, message in
            guard to == 2, message.group == GroupID(1), case .append(var append) = message.body
            else { return }
            for position in append.entries.indices
            where append.entries[position].kind == .command {
                append.entries[position].payload[1] = 2
            }
            message.body = .append(append)
        }
        #expect(rig.run([["SET", "{b}", "2"]], on: client) == "+OK\r\n")
        rig.advance(milliseconds: 100)
        #expect(rig.stops(2).count == 1)
        #expect(rig.stateHash(2) == hash)
    }
}
