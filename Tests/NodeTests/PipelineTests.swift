import Node
import Primitives
import Testing

/// The requests of a pipeline are parsed ahead, some of them at a time; what comes of them must not show it.
@Suite("Pipelines") struct PipelineTests {
    private static func rig() throws -> LoopRig {
        let rig = try LoopRig { $0.plainDatabaseZero = .sharded }
        rig.found()
        return rig
    }

    /// A request of one to some dozens of arguments, for one key, for several, or for none.
    private static func request(_ generator: inout SeededGenerator) -> [String] {
        func key() -> String { "k\(generator.below(8))" }
        func fields(_ count: Int) -> [String] {
            (0..<count).flatMap { ["f\($0)", String(repeating: "v", count: generator.below(30))] }
        }
        return switch generator.below(11) {
        case 0: ["PING"]
        case 1: ["GET", key()]
        case 2: ["SET", key(), "\(generator.below(1000))"]
        case 3: ["INCR", key()]
        case 4: ["HSET", "h" + key()] + fields(1 + generator.below(40))
        case 5: ["HGETALL", "h" + key()]
        case 6: ["MGET", key(), key(), key()]
        case 7: ["MSET", key(), "1", key(), "2"]
        case 8: ["DEL", key(), key()]
        case 9: ["SELECT", "\(generator.below(2))"]
        default: ["ECHO", String(repeating: "e", count: generator.below(200))]
        }
    }

    @Test(
        "are answered as their requests are one by one",
        arguments: 1...30 as ClosedRange<UInt64>, [ListenerKind.plain, .cluster])
    func together(seed: UInt64, listener: ListenerKind) throws {
        var generator = SeededGenerator(seed: seed)
        let (rig, other) = (try Self.rig(), try Self.rig())
        let (piped, single) = (rig.connect(listener), other.connect(listener))
        for _ in 0..<10 {
            let requests = (0..<1 + generator.below(60)).map { _ in Self.request(&generator) }
            let one = requests.map { other.run([$0], on: single) }.joined()
            #expect(rig.run(requests, on: piped) == one)
        }
    }

    @Test("whose connection authenticates or resets are held to what it may send from there on")
    func changedLimits() throws {
        let rig = try LoopRig { $0.password = [UInt8]("secret".utf8) }
        rig.found()
        let client = rig.connect()
        let long = ["MGET"] + Array(repeating: "{k}" + String(repeating: "x", count: 20), count: 12)
        let nothing = "*12\r\n" + String(repeating: "$-1\r\n", count: 12)
        let authenticated = "+OK\r\n"
        #expect(
            rig.run([["AUTH", "secret"], long, ["RESET"], long, long], on: client)
                == authenticated + nothing
                + "+RESET\r\n-ERR Protocol error: unauthenticated multibulk length\r\n")
    }
}
