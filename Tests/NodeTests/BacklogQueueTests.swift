import Testing

@testable import Node

@Suite("The queue of shards with much to apply") struct BacklogQueueTests {
    private static func rank(_ entryCount: Int, isAskedFor: Bool = false) -> BacklogQueue.Rank {
        BacklogQueue.Rank(isAskedFor: isAskedFor, entryCount: entryCount)
    }

    private static func queue(_ count: Int) -> BacklogQueue {
        var queue = BacklogQueue()
        for shard in 0..<count { queue.add(shard) }
        return queue
    }

    @Test("begins with whom clients wait for, then goes by what there is to do") func order() {
        var queue = Self.queue(4)
        var ranks = [
            Self.rank(30), Self.rank(10), Self.rank(90, isAskedFor: true),
            Self.rank(40, isAskedFor: true),
        ]
        var order: [Int] = []
        while let shard = queue.choose(by: ranks) {
            order.append(shard)
            ranks.remove(at: queue.shards.firstIndex(of: shard) ?? 0)
            queue.remove(shard)
        }
        #expect(order == [3, 2, 1, 0])
        #expect(queue.isEmpty)
    }

    @Test("stays with a shard until that has spent its limit") func limit() {
        var queue = Self.queue(2)
        #expect(queue.choose(by: [Self.rank(2), Self.rank(1)]) == 1)
        queue.spend(99, limit: 100)
        #expect(queue.current == 1)
        queue.spend(1, limit: 100)
        #expect(queue.current == nil)
        #expect(queue.choose(by: [Self.rank(2), Self.rank(1)]) == 1)
        queue.spend(99, limit: 100)
        #expect(queue.current == 1)
    }

    @Test("passes nobody over too often") func starvation() {
        var queue = Self.queue(3)
        // The first one is always asked for, and never done.
        let ranks = [Self.rank(1, isAskedFor: true), Self.rank(1), Self.rank(1)]
        let order = (0..<200).map { _ in queue.choose(by: ranks) ?? -1 }
        for shard in 1...2 {
            let turns = order.indices.filter { order[$0] == shard }
            #expect(turns.count >= 5, "\(order)")
            for (turn, next) in zip(turns, turns.dropFirst()) {
                #expect(next - turn <= BacklogQueue.patience + 3, "\(order)")
            }
        }
    }
}
