import Node
import Primitives
import Testing

@Suite("A start with a long log") struct StartTests {
    private static let budget = 10

    /// How far the two shards were applied at the end of each turn from a start on, and at the end of
    /// all. They have so many entries of one command; a client may wait for a key from the start on.
    private static func turns(
        counts: [Int], awaited key: String? = nil
    ) throws -> (turns: [[Int]], last: [Int]) {
        let rig = try LoopRig()
        rig.found()
        let client = rig.connect()
        for (key, count) in zip(["{b}", "{a}"], counts) {
            for number in 0..<count {
                #expect(rig.run([["SET", "\(key)\(number)", "v"]], on: client) == "+OK\r\n")
            }
        }
        let again = try LoopRig(folders: rig.folders) { settings in
            settings.applyBatchCommandCount = budget
        }
        again.startRecordingTurns()
        let waiting = again.connect()
        if let key { #expect(again.run([["GET", key]], on: waiting) == "") }
        again.advance(milliseconds: 1000)
        if key != nil { #expect(again.takeReceived(waiting.id) == "$1\r\nv\r\n") }
        let turns = (again.recordedTurns ?? []).map { turn in
            turn.dropFirst().map { Int($0.rawValue) }
        }
        return (turns, turns.last ?? [])
    }

    @Test("the home is told whom the recovered log of the directory names") func formerPeers()
        throws
    {
        let rig = try LoopRig()
        rig.found()
        let again = try LoopRig(folders: rig.folders)
        let told = again.homePosts.compactMap { message -> [Address]? in
            if case .formerPeers(let addresses) = message { addresses } else { nil }
        }
        #expect(told.count == 1 && told.first?.count == 1)
    }

    @Test("a turn applies no more of all shards together than of one") func budget() throws {
        let (turns, last) = try Self.turns(counts: [60, 60])
        #expect(last.allSatisfy { $0 >= 60 }, "\(last)")
        let most = zip(turns, turns.dropFirst()).map { before, after in
            zip(before, after).reduce(0) { $0 + $1.1 - $1.0 }
        }.max()
        // An entry of one command counts twice; each of two shards may go beyond its share by one.
        #expect(most ?? 0 <= Self.budget / 2 + 2)
    }

    @Test("a shard with little to apply does not wait for one with much") func fairness() throws {
        let (turns, last) = try Self.turns(counts: [100, 10])
        let done = try #require(turns.first { $0[1] == last[1] })
        #expect(done[0] < 50, "\(done) of \(last)")
        let (turned, end) = try Self.turns(counts: [10, 100])
        let first = try #require(turned.first { $0[0] == end[0] })
        #expect(first[1] < 50, "\(first) of \(end)")
    }

    @Test("shards with much to apply are brought up one after the other") func order() throws {
        let (turns, last) = try Self.turns(counts: [100, 110])
        let done = try #require(turns.first { $0[0] == last[0] })
        #expect(done[1] < 20, "\(done) of \(last)")
    }

    @Test("the shard that a client waits for comes first", arguments: [0, 1])
    func asked(shard: Int) throws {
        let (turns, last) = try Self.turns(
            counts: [100, 100], awaited: shard == 0 ? "{b}99" : "{a}99")
        let done = try #require(turns.first { $0[shard] == last[shard] })
        #expect(done[1 - shard] < 20, "\(done) of \(last)")
    }
}
