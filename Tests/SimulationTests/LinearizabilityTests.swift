import Primitives
import Simulation
import Testing

/// Histories in a small notation: times are milliseconds.
private func entry(
    _ client: Int, _ invoked: Int, _ returned: Int?, _ operation: Operation, _ reply: Reply?,
    after predecessor: Int? = nil, isRefused: Bool = false
) -> HistoryEntry {
    var entry = HistoryEntry(
        client: client, operation: operation, invoked: .milliseconds(invoked),
        returned: returned.map { .milliseconds($0) } ?? HistoryEntry.openEnd, reply: reply,
        predecessor: predecessor)
    entry.isRefused = isRefused
    return entry
}

private let ok = Reply.simple(.ascii("OK"))

private func bulk(_ text: String) -> Reply { .bulk(.ascii(text)) }

private func judge(_ history: [HistoryEntry], keyCount: Int = 1)
    -> LinearizabilityChecker.Verdict
{
    let bound = ExpiryBound(partsPerMillion: 10_000, slackMilliseconds: 5)
    return LinearizabilityChecker(model: SequentialModel(expiryBound: bound))
        .judge(history, from: PartitionState(keyCount: keyCount))
}

private func isImpossible(_ history: [HistoryEntry], keyCount: Int = 1) -> Bool {
    if case .impossible = judge(history, keyCount: keyCount) { return true }
    return false
}

private func set(_ value: String) -> Operation { .set(key: 0, value: .ascii(value)) }
private let get = Operation.get(key: 0)

@Suite struct RegisterHistoryTests {
    @Test("an empty history and one of unknown outcomes are linearizable")
    func trivial() {
        #expect(judge([]) == .linearizable)
        #expect(
            judge([entry(0, 1, nil, set("a"), nil), entry(1, 2, nil, get, nil)]) == .linearizable)
    }

    @Test("a read sees the last write")
    func sequential() {
        let write = entry(0, 1, 2, set("a"), ok)
        #expect(judge([write, entry(1, 3, 4, get, bulk("a"))]) == .linearizable)
        #expect(isImpossible([write, entry(1, 3, 4, get, .null)]))
        #expect(isImpossible([write, entry(1, 3, 4, get, bulk("b"))]))
    }

    @Test("a read at the same time as a write sees either, but not one after the other")
    func concurrent() {
        let first = entry(0, 1, 2, set("a"), ok)
        let second = entry(0, 3, 9, set("b"), ok)
        #expect(
            judge([
                first, second, entry(1, 4, 5, get, bulk("a")), entry(2, 6, 7, get, bulk("b")),
            ]) == .linearizable)
        #expect(
            isImpossible([
                first, second, entry(1, 4, 5, get, bulk("b")), entry(2, 6, 7, get, bulk("a")),
            ]))
    }

    @Test("a stale read of another client is found")
    func stale() {
        #expect(
            isImpossible([
                entry(0, 1, 2, set("a"), ok), entry(0, 3, 4, set("b"), ok),
                entry(1, 5, 6, get, bulk("a")),
            ]))
    }

    @Test("a lost acknowledged write is found at the next read, however late")
    func lostWrite() {
        var history = [entry(0, 1, 2, set("a"), ok)]
        for round in 0..<10 {
            history.append(entry(0, 10 * round + 10, 10 * round + 12, set("w\(round)"), ok))
        }
        #expect(judge(history + [entry(1, 999, 1_000, get, bulk("w9"))]) == .linearizable)
        #expect(isImpossible(history + [entry(1, 999, 1_000, get, bulk("w8"))]))
    }

    @Test("a write of unknown outcome may take effect late or never, but not before it was sent")
    func unknown() {
        let known = entry(0, 1, 2, set("a"), ok)
        let unknown = entry(1, 10, nil, set("b"), nil)
        #expect(judge([known, unknown, entry(2, 20, 21, get, bulk("a"))]) == .linearizable)
        #expect(judge([known, unknown, entry(2, 20, 21, get, bulk("b"))]) == .linearizable)
        #expect(
            judge([
                known, unknown, entry(2, 20, 21, get, bulk("a")), entry(2, 30, 31, get, bulk("b")),
            ]) == .linearizable)
        #expect(
            isImpossible([
                known, unknown, entry(2, 20, 21, get, bulk("b")), entry(2, 30, 31, get, bulk("a")),
            ]))
        #expect(isImpossible([known, unknown, entry(2, 5, 6, get, bulk("b"))]))
    }

    @Test("a refused write that shows is found")
    func refused() {
        let refused = entry(1, 10, 11, set("b"), nil, isRefused: true)
        let known = entry(0, 1, 2, set("a"), ok)
        #expect(judge([known, refused, entry(2, 20, 21, get, bulk("a"))]) == .linearizable)
        #expect(isImpossible([known, refused, entry(2, 20, 21, get, bulk("b"))]))
    }

    @Test("SET NX, GETDEL and APPEND")
    func otherWrites() {
        let nx = Operation.setIfMissing(key: 0, value: .ascii("x"))
        #expect(
            judge([
                entry(0, 1, 2, nx, ok), entry(0, 3, 4, nx, .null),
                entry(0, 5, 6, .append(key: 0, value: .ascii("yz")), .integer(3)),
                entry(0, 7, 8, .getAndDelete(key: 0), bulk("xyz")),
                entry(0, 9, 10, .getAndDelete(key: 0), .null), entry(0, 11, 12, nx, ok),
            ]) == .linearizable)
        #expect(isImpossible([entry(0, 1, 2, nx, ok), entry(0, 3, 4, nx, ok)]))
        #expect(isImpossible([entry(0, 1, 2, nx, .null)]))
        #expect(
            isImpossible([
                entry(0, 1, 2, set("a"), ok), entry(0, 3, 4, .getAndDelete(key: 0), bulk("a")),
                entry(1, 5, 6, .getAndDelete(key: 0), bulk("a")),
            ]))
    }
}

@Suite struct PipelineHistoryTests {
    @Test("a pipeline's commands keep their order")
    func order() {
        func pipeline(_ first: Reply, _ second: Reply) -> [HistoryEntry] {
            [
                entry(0, 1, 10, set("1"), ok),
                entry(0, 1, 10, get, first, after: 0),
                entry(0, 1, 10, set("2"), ok, after: 1),
                entry(0, 1, 10, get, second, after: 2),
            ]
        }
        #expect(judge(pipeline(bulk("1"), bulk("2"))) == .linearizable)
        #expect(isImpossible(pipeline(.null, bulk("2"))), "a read before its own write")
        #expect(isImpossible(pipeline(bulk("2"), bulk("2"))), "a read after a later write")
        #expect(isImpossible(pipeline(bulk("1"), bulk("1"))))
    }

    @Test("without the order the same replies would do")
    func unordered() {
        #expect(
            judge([
                entry(0, 1, 10, set("1"), ok), entry(1, 1, 10, get, .null),
            ]) == .linearizable)
    }

    @Test("a command behind one of unknown outcome is bound by it no more")
    func unknownPredecessor() {
        #expect(
            judge([
                entry(0, 1, nil, set("1"), nil), entry(0, 1, 10, get, .null, after: 0),
                entry(1, 20, 21, get, bulk("1")),
            ]) == .linearizable)
    }
}

@Suite struct CounterHistoryTests {
    private let increment = Operation.increment(key: 0)

    @Test("every increment counts once")
    func counts() {
        #expect(
            judge([
                entry(0, 1, 9, increment, .integer(2)), entry(1, 1, 9, increment, .integer(1)),
                entry(2, 1, 9, .incrementBy(key: 0, amount: -5), .integer(-3)),
            ]) == .linearizable)
        #expect(
            isImpossible([
                entry(0, 1, 9, increment, .integer(1)), entry(1, 1, 9, increment, .integer(1)),
            ]))
        #expect(
            isImpossible([
                entry(0, 1, 2, increment, .integer(1)), entry(0, 3, 4, increment, .integer(3)),
            ]))
    }

    @Test("an increment of unknown outcome counts once or not at all, not twice")
    func unknown() {
        let unknown = entry(0, 1, nil, increment, nil)
        #expect(judge([unknown, entry(1, 5, 6, increment, .integer(1))]) == .linearizable)
        #expect(judge([unknown, entry(1, 5, 6, increment, .integer(2))]) == .linearizable)
        #expect(isImpossible([unknown, entry(1, 5, 6, increment, .integer(3))]))
    }

    @Test("many increments of unknown outcome are judged quickly")
    func manyUnknown() {
        var history: [HistoryEntry] = []
        for client in 0..<20 {
            history.append(entry(client, client, nil, increment, nil))
        }
        for round in 0..<20 {
            history.append(
                entry(
                    30, 100 + 2 * round, 101 + 2 * round, increment, .integer(Int64(10 + round))))
        }
        #expect(judge(history) == .linearizable)
        history.append(entry(31, 500, 501, get, bulk("99")))
        #expect(isImpossible(history))
    }
}

@Suite struct HashHistoryTests {
    private func set(_ field: String, _ value: String) -> Operation {
        .hashSet(key: 0, field: field.utf8.first ?? 0, value: .ascii(value))
    }
    private let getAll = Operation.hashGetAll(key: 0)

    @Test("fields are set, counted and removed")
    func fields() {
        #expect(
            judge([
                entry(0, 1, 2, set("a", "1"), .integer(1)),
                entry(0, 3, 4, set("a", "2"), .integer(0)),
                entry(0, 5, 6, set("b", "x"), .integer(1)),
                entry(
                    0, 7, 8, .hashIncrement(key: 0, field: UInt8(ascii: "a"), amount: 3),
                    .integer(5)),
                entry(
                    0, 9, 10, getAll, .array([bulk("b"), bulk("x"), bulk("a"), bulk("5")])),
                entry(0, 11, 12, .hashDelete(key: 0, field: UInt8(ascii: "b")), .integer(1)),
                entry(0, 13, 14, .hashGet(key: 0, field: UInt8(ascii: "b")), .null),
                entry(0, 15, 16, .hashDelete(key: 0, field: UInt8(ascii: "a")), .integer(1)),
                entry(0, 17, 18, .exists(keys: [0]), .integer(0)),
            ]) == .linearizable)
    }

    @Test("a hash that shows half of what was written is found")
    func half() {
        let history = [
            entry(0, 1, 2, set("a", "1"), .integer(1)), entry(0, 3, 4, set("b", "2"), .integer(1)),
        ]
        #expect(isImpossible(history + [entry(1, 5, 6, getAll, .array([bulk("b"), bulk("2")]))]))
        #expect(
            isImpossible(
                history + [
                    entry(
                        1, 5, 6, getAll, .array([bulk("a"), bulk("1"), bulk("b"), bulk("1")]))
                ]))
    }

    @Test("a wrong type is an error on both sides")
    func wrongType() {
        let wrong = Reply.error(
            .ascii("WRONGTYPE Operation against a key holding the wrong kind of value"))
        let hash = entry(0, 1, 2, set("a", "1"), .integer(1))
        #expect(judge([hash, entry(0, 3, 4, get, wrong)]) == .linearizable)
        #expect(isImpossible([hash, entry(0, 3, 4, get, .null)]))
    }
}

@Suite struct ExpiringHistoryTests {
    private func setFor(_ milliseconds: Int, _ value: String = "a") -> Operation {
        .setExpiring(key: 0, value: .ascii(value), milliseconds: milliseconds)
    }
    private let ttl = Operation.timeToLive(key: 0)

    @Test("a key may not be gone before its time")
    func early() {
        let history = [entry(0, 0, 10, setFor(1_000), ok)]
        #expect(isImpossible(history + [entry(1, 900, 980, get, .null)]))
        #expect(judge(history + [entry(1, 900, 980, get, bulk("a"))]) == .linearizable)
        // One percent and five milliseconds may be missing.
        #expect(judge(history + [entry(1, 900, 986, get, .null)]) == .linearizable)
    }

    @Test("a key may last longer, but is not back once seen gone")
    func late() {
        let history = [
            entry(0, 0, 10, setFor(1_000), ok), entry(1, 1_500, 1_501, get, bulk("a")),
            entry(1, 2_000, 2_001, get, .null),
        ]
        #expect(judge(history) == .linearizable)
        #expect(isImpossible(history + [entry(2, 2_100, 2_101, get, bulk("a"))]))
        #expect(
            judge(
                history + [
                    entry(2, 2_100, 2_101, set("a"), ok), entry(2, 2_200, 2_201, get, bulk("a")),
                ]) == .linearizable)
    }

    @Test("a lock is granted again only after its time")
    func lock() {
        func lock(_ value: String) -> Operation {
            .setExpiringIfMissing(key: 0, value: .ascii(value), milliseconds: 500)
        }
        let held = entry(0, 0, 5, lock("x"), ok)
        #expect(isImpossible([held, entry(1, 300, 310, lock("y"), ok)]))
        #expect(judge([held, entry(1, 300, 310, lock("y"), .null)]) == .linearizable)
        #expect(judge([held, entry(1, 480, 500, lock("y"), ok)]) == .linearizable)
        #expect(
            isImpossible([
                held, entry(1, 480, 500, lock("y"), ok), entry(2, 600, 601, lock("z"), ok),
            ]), "the second lock has its own time")
    }

    @Test("an unknown lock may be held or not, and the key it found may be gone or not")
    func unknownLock() {
        func lock(_ value: String) -> Operation {
            .setExpiringIfMissing(key: 0, value: .ascii(value), milliseconds: 500)
        }
        let history = [
            entry(0, 0, 5, lock("x"), ok), entry(1, 490, nil, lock("y"), nil),
        ]
        for seen in [bulk("x"), bulk("y"), .null] {
            #expect(judge(history + [entry(2, 520, 521, get, seen)]) == .linearizable)
        }
    }

    @Test("PEXPIRE and PERSIST change what is promised")
    func changes() {
        let history = [entry(0, 0, 1, setFor(100), ok)]
        let extended = entry(0, 2, 3, .expire(key: 0, milliseconds: 2_000), .integer(1))
        #expect(isImpossible(history + [extended, entry(1, 1_000, 1_001, get, .null)]))
        let kept = entry(0, 2, 3, .persist(key: 0), .integer(1))
        #expect(isImpossible(history + [kept, entry(1, 90_000, 90_001, get, .null)]))
        #expect(
            judge(history + [kept, entry(1, 5, 6, ttl, .integer(-1))]) == .linearizable)
        #expect(
            judge([entry(0, 0, 1, .persist(key: 0), .integer(0))]) == .linearizable)
    }

    @Test("PTTL must not show less than the bound allows, and what it shows is kept")
    func remaining() {
        let history = [entry(0, 0, 10, setFor(1_000), ok)]
        #expect(judge(history + [entry(1, 400, 401, ttl, .integer(600))]) == .linearizable)
        #expect(judge(history + [entry(1, 400, 401, ttl, .integer(950))]) == .linearizable)
        #expect(isImpossible(history + [entry(1, 400, 401, ttl, .integer(550))]))
        #expect(isImpossible(history + [entry(1, 400, 401, ttl, .integer(-2))]))
        #expect(
            isImpossible(
                history + [
                    entry(1, 400, 401, ttl, .integer(950)), entry(1, 1_000, 1_001, get, .null),
                ]))
    }

    @Test("where the clock guarantee does not hold, keys may go early")
    func unbound() {
        var bound = ExpiryBound(partsPerMillion: 10_000, slackMilliseconds: 5)
        bound.unboundAfter = [.milliseconds(300)]
        let checker = LinearizabilityChecker(model: SequentialModel(expiryBound: bound))
        let history = [entry(0, 0, 10, setFor(1_000), ok)]
        let gone = history + [entry(1, 350, 360, get, .null)]
        #expect(checker.judge(gone, from: PartitionState(keyCount: 1)) == .linearizable)
        let early = history + [entry(1, 250, 260, get, .null)]
        #expect(checker.judge(early, from: PartitionState(keyCount: 1)) != .linearizable)
    }
}

@Suite struct SeveralHistoryTests {
    @Test("several keys change at once")
    func atomic() {
        let all = [0, 1, 2]
        let history = [
            entry(0, 1, 2, .setSeveral(keys: all, value: .ascii("1")), ok),
            entry(0, 3, 9, .setSeveral(keys: all, value: .ascii("2")), ok),
        ]
        let read = Operation.getSeveral(keys: all)
        #expect(
            judge(
                history + [entry(1, 4, 5, read, .array([bulk("2"), bulk("2"), bulk("2")]))],
                keyCount: 3) == .linearizable)
        #expect(
            isImpossible(
                history + [entry(1, 4, 5, read, .array([bulk("2"), bulk("1"), bulk("2")]))],
                keyCount: 3))
        #expect(
            judge(
                history + [
                    entry(1, 10, 11, .delete(keys: [0, 2]), .integer(2)),
                    entry(1, 12, 13, .exists(keys: all), .integer(1)),
                    entry(1, 14, 15, read, .array([.null, bulk("2"), .null])),
                ], keyCount: 3) == .linearizable)
    }
}

@Suite struct CheckerTests {
    @Test("agrees with a server that does one command at a time", arguments: UInt64(1)...30)
    func ideal(seed: UInt64) {
        let kinds = PartitionKind.allCases
        var generator = SeededGenerator(seed: seed)
        var partition = Partition(
            number: 0, kind: kinds[Int(seed) % kinds.count], operationCount: 40)
        let bound = ExpiryBound(partsPerMillion: 0, slackMilliseconds: 0)
        let model = SequentialModel(expiryBound: bound)
        var state = PartitionState(keyCount: partition.names.count)
        var serial = 0
        var now: UInt64 = 0
        // Each command takes effect at its own time, between being sent and being answered.
        for client in 0..<40 {
            now += generator.time(in: .milliseconds(1)...(.milliseconds(9)))
            let operation = partition.nextOperation(generator: &generator, serial: &serial)
            var attempt = HistoryEntry(client: client % 4, operation: operation, invoked: now)
            var results: [PartitionState] = []
            model.step(attempt, from: state, into: &results)
            guard let after = results.first else {
                Issue.record("\(operation) can't be done in \(state)")
                return
            }
            attempt.invoked -= generator.time(in: 0...now / 8)
            if let reply = PossibleReplies.first(of: operation, from: state, to: after, model) {
                attempt.reply = reply
                attempt.returned = now + generator.time(in: 0...(.milliseconds(30)))
            }
            state = after
            partition.history.append(attempt)
        }
        #expect(partition.history.contains { $0.isKnown })
        let verdict = LinearizabilityChecker(model: model).judge(
            partition.history, from: PartitionState(keyCount: partition.names.count))
        #expect(verdict == .linearizable)
    }

    @Test("many different writes of unknown outcome are judged quickly")
    func manyUnknown() {
        var history: [HistoryEntry] = []
        for client in 0..<30 { history.append(entry(client, client, nil, set("\(client)"), nil)) }
        for (round, seen) in [28, 4, 13, 1, 22].enumerated() {
            history.append(entry(40, 100 + 9 * round, 104 + 9 * round, get, bulk("\(seen)")))
        }
        #expect(judge(history) == .linearizable)
        #expect(isImpossible(history + [entry(40, 500, 504, get, bulk("28"))]))
        for client in 50..<62 {
            let append = Operation.append(key: 0, value: .ascii("+\(client)"))
            history.append(entry(client, client, nil, append, nil))
        }
        history.append(entry(40, 500, 504, get, bulk("22+57+51+60")))
        #expect(judge(history) == .linearizable)
    }

    @Test("says where it got stuck")
    func stuck() {
        let history = [
            entry(0, 1, 2, set("a"), ok), entry(1, 3, 4, get, bulk("a")),
            entry(1, 5, 6, get, bulk("zz")),
        ]
        #expect(judge(history) == .impossible(placedCount: 2, blocked: [2]))
    }

    @Test("gives up rather than run for ever")
    func limit() {
        let bound = ExpiryBound(partsPerMillion: 0, slackMilliseconds: 0)
        let checker = LinearizabilityChecker(
            model: SequentialModel(expiryBound: bound), stepLimit: 10)
        var history: [HistoryEntry] = []
        for client in 0..<12 { history.append(entry(client, 1, 100, set("\(client)"), ok)) }
        history.append(entry(20, 200, 201, get, bulk("nothing wrote this")))
        let verdict = checker.judge(history, from: PartitionState(keyCount: 1))
        #expect(verdict == .undecided(stepCount: 11))
    }
}

/// Replies guessed and tried against the model, so that a test needs no second implementation.
private enum PossibleReplies {
    static func first(
        of operation: Operation, from state: PartitionState, to after: PartitionState,
        _ model: SequentialModel
    ) -> Reply? {
        var guesses: [Reply] = [ok, .null]
        for cell in state.cells {
            if case .string(let value, _) = cell { guesses.append(.bulk(value)) }
        }
        for number in Int64(-2)...2_000 { guesses.append(.integer(number)) }
        var results: [PartitionState] = []
        for reply in guesses {
            var attempt = HistoryEntry(client: 0, operation: operation, invoked: 0)
            attempt.reply = reply
            attempt.returned = 0
            model.step(attempt, from: state, into: &results)
            if !results.isEmpty { return reply }
        }
        return nil
    }
}
