import Keyspace
import Primitives
import Testing

@Suite("Random commands") struct RandomCommandTests {
    private static let shapes = [
        "SET K V", "SET K N", "SET K V NX", "SET K V XX GET", "SET K V PX T", "SET K V KEEPTTL",
        "SET K V PXAT T", "SET K V GET", "SET K V IFEQ V", "GET K", "MGET K K K", "MSET K V K N",
        "INCR K", "DECR K", "INCRBY K N", "DECRBY K N", "INCRBYFLOAT K 0.5", "INCRBYFLOAT K -1e3",
        "APPEND K V", "APPEND K N", "STRLEN K", "GETEX K", "GETEX K PX T", "GETEX K PERSIST",
        "GETDEL K", "GETSET K V", "SETNX K V", "PSETEX K T V", "DEL K", "DEL K K", "UNLINK K",
        "EXISTS K K", "TYPE K", "PEXPIRE K T", "PEXPIRE K T NX", "PEXPIRE K T XX",
        "PEXPIRE K T GT", "PEXPIRE K T LT", "PEXPIRE K -1", "TTL K", "PTTL K", "PERSIST K",
        "TOUCH K K", "HSET K F V", "HSET K F N F V", "HSET K F V F V F V F V F V F V", "HGET K F",
        "HGETALL K", "HDEL K F", "HDEL K F F F", "HINCRBY K F N", "HINCRBYFLOAT K F 0.1",
        "HSETNX K F V", "HLEN K", "HMGET K F F", "HEXISTS K F", "HKEYS K", "HVALS K",
        "HSTRLEN K F", "HGETDEL K FIELDS 1 F", "HGETDEL K FIELDS 3 F F F", "HRANDFIELD K 20",
        "HRANDFIELD K 20 WITHVALUES", "HRANDFIELD K", "HRANDFIELD K 3",
        "HRANDFIELD K -5 WITHVALUES", "HSCAN K 0 COUNT 2",
        "HPEXPIRE K T FIELDS 2 F F", "HPEXPIRE K T FIELDS 3 F F F",
        "HPEXPIRE K T NX FIELDS 1 F", "HPEXPIRE K T XX FIELDS 1 F", "HPEXPIRE K T GT FIELDS 1 F",
        "HPEXPIRE K T LT FIELDS 1 F", "HPEXPIRE K 0 FIELDS 1 F", "HPEXPIREAT K T GT FIELDS 1 F",
        "HPERSIST K FIELDS 2 F F", "HPTTL K FIELDS 3 F F F", "HPEXPIRETIME K FIELDS 1 F",
        "HGETEX K FIELDS 1 F", "HGETEX K PX T FIELDS 2 F F", "HGETEX K PERSIST FIELDS 1 F",
        "HSETEX K PX T FIELDS 2 F V F V", "HSETEX K KEEPTTL FIELDS 1 F V",
        "HSETEX K FNX PX T FIELDS 1 F V", "HSETEX K FXX FIELDS 1 F V",
        "HSETEX K PXAT T FIELDS 1 F V",
        "SET K", "INCRBY K x", "EXPIRE K 10 FOO", "SETRANGE K T V", "SETRANGE K 0 V",
        "GETRANGE K 3 -3", "MSETNX K V K N", "LCS K K",
        "MSETEX 2 K V K N PX T", "MSETEX 2 K V K N XX KEEPTTL", "INCREX K PX T ENX",
        "INCREX K BYINT N UBOUND 500", "INCREX K BYFLOAT 0.1 LBOUND 0 SATURATE PERSIST",
        "RENAME K K", "RENAMENX K K", "COPY K K", "COPY K K REPLACE", "DELEX K IFEQ V", "DELEX K",
        "SET K V IFNE V", "DIGEST K",
    ]

    private static func line(_ generator: inout SeededGenerator) -> String {
        shapes[generator.below(shapes.count)].split(separator: " ").map { word in
            switch word {
            case "K": "{t}\(generator.below(12))"
            case "V": String(repeating: "v", count: generator.below(40)) + "\(generator.below(3))"
            case "N": "\(Int64(generator.below(2000)) - 1000)"
            case "T": "\(1 + generator.below(50))"
            case "F": "f\(generator.below(14))"
            default: String(word)
            }
        }.joined(separator: " ")
    }

    @Test(
        "replicas that ran the same commands agree, however they keep hashes, restored ones included",
        arguments: 1...12 as ClosedRange<UInt64>)
    func replicas(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var one = CommandRunner(hashSecret: 1)
        var other = CommandRunner(hashSecret: 2)
        one.expiresFirst = true
        other.expiresFirst = true
        let limits = [
            CompactLimits(), CompactLimits(fieldCount: 5, itemByteCount: 20),
            CompactLimits(fieldCount: 0), CompactLimits(fieldCount: 8),
        ]
        var stateAtSnapshot: UInt64 = 0
        for step in 0..<1500 {
            one.now += Int64(generator.below(4))
            other.now = one.now
            if step % 40 == 0 {
                other.keyspace.compactLimits = limits[(step / 40 + Int(seed)) % limits.count]
            }
            let line = Self.line(&generator)
            let replies = (one.run(line), other.run(line))
            #expect(replies.0 == replies.1, "\(line)")
            if step % 100 == 99 {
                #expect(one.keyspace.stateHash() == other.keyspace.stateHash(), "step \(step)")
            }
            // A snapshot is always under way: its state is that of when it began.
            guard one.keyspace.isSnapshotUnderWay else {
                let records = one.keyspace.takeSnapshotOutput()
                if step > 0 {
                    var decoder = SnapshotDecoder(hashSecret: UInt64(step))
                    try decoder.decode(records, in: 0..<records.count)
                    var restored = Keyspace(hashSecret: 0)
                    decoder.finish(into: &restored)
                    #expect(restored.stateHash() == stateAtSnapshot, "step \(step)")
                }
                stateAtSnapshot = one.keyspace.stateHash()
                one.keyspace.beginSnapshot()
                continue
            }
            _ = one.keyspace.continueSnapshot(byteBudget: 2000)
        }
        // Few of these would mean that the test no longer meets them.
        #expect(one.peekedCount > 100)
    }
}
