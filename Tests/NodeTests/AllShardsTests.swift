import Node
import Primitives
import Testing

/// Shard 1 lives on the second of two loops, shard 2 on the first; `{b}` is in shard 1, `{a}` in
/// shard 2.
@Suite("Commands that concern all of a node's shards") struct AllShardsTests {
    private static let reached = ["SET", "{a}", "1"]
    private static let other = ["SET", "{b}", "1"]

    // MARK: WAIT

    /// A cluster of three whose last node gets nothing, and a client of the first, which leads.
    private func clusterWithSilentFollower(_ loops: Int) throws -> (
        ClusterRig, ClusterRig.Client
    ) {
        let rig = try ClusterRig(loops: loops)
        rig.delivers = { _, to, _ in to != 2 }
        return (rig, rig.connect(0))
    }

    @Test("WAIT counts the followers that have the connection's writes", arguments: [1, 2])
    func waitCounts(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        #expect(
            rig.run([Self.reached, Self.other, ["WAIT", "2", "0"]], on: client)
                == "+OK\r\n+OK\r\n:2\r\n")
    }

    @Test(
        "WAIT waits for the writes on every shard, whatever loop it is on", arguments: [1, 2],
        [Self.reached, Self.other])
    func waitWaits(loops: Int, write: [String]) throws {
        let (rig, client) = try clusterWithSilentFollower(loops)
        #expect(rig.run([write], on: client) == "+OK\r\n")
        #expect(rig.run([["WAIT", "2", "0"], ["PING"]], on: client) == "")
        rig.advance(milliseconds: 200)
        #expect(rig.take(client) == "")
        #expect(rig.run([["WAIT", "1", "0"]], on: rig.connect(0)) == ":2\r\n")
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 1000)
        #expect(rig.take(client) == ":2\r\n+PONG\r\n")
    }

    @Test("WAIT ends after its time with the number it has", arguments: [1, 2])
    func waitEnds(loops: Int) throws {
        let (rig, client) = try clusterWithSilentFollower(loops)
        #expect(
            rig.run([Self.reached, Self.other, ["WAIT", "2", "100"]], on: client)
                == "+OK\r\n+OK\r\n")
        rig.advance(milliseconds: 90)
        #expect(rig.take(client) == "")
        rig.advance(milliseconds: 20)
        #expect(rig.take(client) == ":1\r\n")
        #expect(rig.run([["WAIT", "1", "0"]], on: client) == ":1\r\n")
    }

    @Test("WAIT does not wait for what others write later", arguments: [1, 2])
    func waitForOwn(loops: Int) throws {
        let (rig, client) = try clusterWithSilentFollower(loops)
        #expect(rig.run([Self.other, ["WAIT", "2", "0"]], on: client) == "+OK\r\n")
        let own = try #require(rig.inspect(0)?.appliedIndex)
        #expect(rig.run([Self.other], on: rig.connect(0)) == "+OK\r\n")
        // The follower gets all but the last entry, which is the other client's.
        rig.alters = { to, message in
            guard to == 2, case .append(var append) = message.body else { return }
            append.entries.removeAll { $0.index > own }
            message.body = .append(append)
        }
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 1000)
        #expect(rig.take(client) == ":2\r\n")
    }

    @Test("WAIT on a shard whose leadership is lost is told so", arguments: [1, 2])
    func waitUnblocked(loops: Int) throws {
        let (rig, client) = try clusterWithSilentFollower(loops)
        #expect(rig.run([Self.other, ["WAIT", "2", "0"]], on: client) == "+OK\r\n")
        rig.lead(1)
        rig.advance(milliseconds: 500)
        #expect(rig.take(client).hasPrefix("-UNBLOCKED "))
        // What was acknowledged is on a majority for good.
        #expect(rig.run([["WAIT", "1", "0"]], on: client) == ":1\r\n")
    }

    @Test("a client that leaves while it waits leaves nothing behind", arguments: [1, 2])
    func waitAbandoned(loops: Int) throws {
        let (rig, client) = try clusterWithSilentFollower(loops)
        #expect(rig.run([Self.other, ["WAIT", "2", "0"]], on: client) == "+OK\r\n")
        #expect(rig.unfinishedPartCount(0) > 0)
        rig.disconnect(client)
        #expect(rig.unfinishedPartCount(0) == 0)
    }

    // MARK: DBSIZE

    @Test("DBSIZE counts no shard that is led without a lease", arguments: [1, 2])
    func sizeWithoutLease(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        #expect(rig.run([Self.other, ["DBSIZE"]], on: client) == "+OK\r\n:1\r\n")
        rig.delivers = { from, to, _ in from != 0 && to != 0 }
        rig.advance(milliseconds: 290)
        // It still takes itself for the leader; another may be.
        #expect(rig.inspect(0)?.role == .leader)
        #expect(rig.run([["DBSIZE"]], on: client) == "")
        rig.advance(milliseconds: 1000)
        #expect(rig.inspect(0)?.role != .leader)
        #expect(rig.take(client) == ":0\r\n")
    }

    @Test("DBSIZE waits until its leadership is confirmed", arguments: [1, 2])
    func sizeConfirmed(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        #expect(rig.run([Self.reached, Self.other], on: client) == "+OK\r\n+OK\r\n")
        rig.delivers = { from, to, _ in from != 0 && to != 0 }
        rig.advance(milliseconds: 290)
        #expect(rig.run([["DBSIZE"], Self.other], on: client) == "")
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 100)
        #expect(rig.take(client) == ":2\r\n+OK\r\n")
    }

    // MARK: SCAN

    /// All the keys that a scan of a node answers.
    private func scan(_ rig: ClusterRig, _ client: ClusterRig.Client, count: Int) -> [String] {
        var cursor = "0"
        var found: [String] = []
        repeat {
            let lines = rig.run([["SCAN", cursor, "COUNT", "\(count)"]], on: client)
                .split(separator: "\r\n")
            guard lines.count > 2 else { return ["no page: \(lines)"] }
            cursor = String(lines[2])
            found += lines.filter { $0.hasPrefix("key") }.map(String.init)
        } while cursor != "0"
        return found.sorted()
    }

    @Test("SCAN gives every key once, on whatever loop", arguments: [1, 2], [1, 7, 1000])
    func scanAll(loops: Int, count: Int) throws {
        let rig = try ClusterRig(loops: loops)
        for loop in 0..<loops {
            let client = rig.connect(0, loop: loop)
            for number in 0..<100 { _ = rig.run([["SET", "key\(number)", "v"]], on: client) }
            #expect(scan(rig, client, count: count) == (0..<100).map { "key\($0)" }.sorted())
        }
    }

    @Test("a page of SCAN goes on over the shards of all loops", arguments: [1, 2])
    func scanPage(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        for number in 0..<100 { _ = rig.run([["SET", "key\(number)", "v"]], on: client) }
        let page = rig.run([["SCAN", "0", "COUNT", "1000"]], on: client)
        #expect(page.hasPrefix("*2\r\n$1\r\n0\r\n*100\r\n"))
    }

    @Test("SCAN gives the keys of each shard's first and last slot", arguments: [1, 2], [1, 10])
    func scanEdges(loops: Int, count: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        // In slots 0, 8191, 8192 and 16383.
        let keys = [3444, 42889, 28500, 7487].map { "key\($0)" }
        for key in keys { #expect(rig.run([["SET", key, "v"]], on: client) == "+OK\r\n") }
        #expect(scan(rig, client, count: count) == keys.sorted())
    }

    @Test("SCAN asks each shard's own loop whether it leads", arguments: [1, 2])
    func scanStale(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        for number in 0..<20 { _ = rig.run([["SET", "key\(number)", "v"]], on: client) }
        for group: UInt32 in [1, 2] { rig.lead(1, group: group) }
        rig.advance(milliseconds: 1500)
        rig.deliversStatusBetweenLoops = false
        for group: UInt32 in [1, 2] { rig.lead(0, group: group) }
        #expect(scan(rig, client, count: 10) == (0..<20).map { "key\($0)" }.sorted())
    }

    @Test("SCAN sees the connection's own writes and not its later ones", arguments: [1, 2])
    func scanOrder(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        rig.delivers = { from, to, _ in from != 0 && to != 0 }
        #expect(rig.run([Self.reached, Self.other], on: client) == "")
        #expect(rig.run([["SCAN", "0"], ["SET", "{b}late", "1"]], on: client) == "")
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 200)
        let replies = rig.take(client)
        #expect(replies.contains("*2\r\n$1\r\n0\r\n*2\r\n"), "\(replies)")
    }

    @Test("SCAN does not answer from a shard that is led without a lease", arguments: [1, 2])
    func scanWithoutLease(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        #expect(rig.run([Self.other], on: client) == "+OK\r\n")
        rig.delivers = { from, to, _ in from != 0 && to != 0 }
        rig.advance(milliseconds: 290)
        #expect(rig.run([["SCAN", "0"]], on: client) == "")
        rig.advance(milliseconds: 1000)
        #expect(rig.take(client) == "*2\r\n$1\r\n0\r\n*0\r\n")
    }
}
