import Primitives
import Testing

@testable import Bench

@Suite("Measures")
struct MeasureTests {
    @Test(
        "the median is the middle",
        arguments: [([3.0], 3.0), ([1, 9, 2], 2), ([4, 1, 3, 2], 2.5), ([5, 5, 1, 1, 1], 1)]
            as [([Double], Double)])
    func median(values: [Double], expected: Double) {
        #expect(Bench.median(values) == expected)
    }

    @Test("CPU time is read past any name of a process")
    func ticks() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 250 31 12 13 20 0 1"
        #expect(ProcessClock.ticks(inStatus: "42 (a) b (c) \(fields)") == 281)
        #expect(ProcessClock.ticks(inStatus: "42 (martlet) S 1") == nil)
        #expect(ProcessClock.ticks(inStatus: "") == nil)
    }

    @Test("a process that is gone is an error")
    func gone() {
        #expect(throws: BenchFailure.self) { try ProcessClock.total(of: [Int32.max]) }
    }

    @Test("a round counts right replies only, each with its batch's latency")
    func round() throws {
        var meter = try RoundMeter(pids: [])
        meter.add(good: 99, moved: 1, refused: 0, nanoseconds: 1_000_000)
        meter.add(good: 1, moved: 0, refused: 2, nanoseconds: 50_000_000)
        let result = try meter.result()
        #expect(result.requests == 100)
        #expect(result.moved == 1)
        #expect(result.refused == 2)
        #expect(abs(result.p50Microseconds - 1000) < 2)
        #expect(abs(result.p99Microseconds - 1000) < 2)
        #expect(abs(result.p999Microseconds - 50_000) < 50)
        #expect(abs(result.maximumMicroseconds - 50_000) < 50)
        #expect(result.serverCPUSecondsPerMillion == nil)
    }

    @Test("a round without a right reply is none")
    func emptyRound() throws {
        let meter = try RoundMeter(pids: [])
        #expect(throws: BenchFailure.self) { try meter.result() }
    }

    @Test("a plan that can't be run says why")
    func problems() {
        let address = Address(host: "127.0.0.1", port: 1)
        #expect(BenchPlan(addresses: [address]).problem == nil)
        #expect(BenchPlan(addresses: []).problem != nil)
        let breaks: [(inout BenchPlan) -> Void] = [
            { $0.clientCount = 0 }, { $0.pipeline = 0 }, { $0.keyCount = 0 },
            { $0.valueByteCount = 0 }, { $0.roundCount = 0 }, { $0.limit = .requests(0) },
            { $0.limit = .milliseconds(0) },
        ]
        for change in breaks {
            var plan = BenchPlan(addresses: [address])
            change(&plan)
            #expect(plan.problem != nil)
        }
    }

    @Test("a probe's key lies in its slot", arguments: [0, 1, 8191, 16383] as [UInt16])
    func probeKey(slot: UInt16) {
        let key = FailoverProbe.key(in: SlotID(slot))
        #expect(SlotID(key: [UInt8](key.utf8).span) == SlotID(slot))
    }
}
