import Primitives
import Simulation
import Testing

@Suite struct EventQueueTests {
    @Test("gives events in the order of their times, and of their scheduling within a time")
    func order() {
        var queue = EventQueue<Int>()
        var generator = SeededGenerator(seed: 5)
        var expected: [(time: UInt64, event: Int)] = []
        for event in 0..<500 {
            let time = UInt64(generator.below(40))
            queue.schedule(event, at: time)
            expected.append((time, event))
        }
        expected.sort { ($0.time, $0.event) < ($1.time, $1.event) }
        for (time, event) in expected {
            #expect(queue.nextTime == time)
            #expect(queue.next() == event)
            #expect(queue.now == time)
        }
        #expect(queue.next() == nil)
    }

    @Test("never goes back in time")
    func late() {
        var queue = EventQueue<String>()
        queue.schedule("second", at: 10)
        #expect(queue.next() == "second")
        queue.schedule("late", at: 3)
        queue.schedule("later", after: 1)
        #expect(queue.next() == "late")
        #expect(queue.now == 10)
        #expect(queue.next() == "later")
        #expect(queue.now == 11)
    }
}

@Suite struct VirtualClockTests {
    @Test("runs fast or slow by its drift", arguments: [-20_000, 0, 300])
    func drift(partsPerMillion: Int) {
        let clock = VirtualClock(
            driftPartsPerMillion: partsPerMillion, wallOffsetMilliseconds: 0, bootID: 1)
        let start = clock.moment(at: 0)
        let end = clock.moment(at: .seconds(100))
        #expect(
            end.boot.nanoseconds(since: start.boot)
                == UInt64(100_000_000_000 + partsPerMillion * 100_000))
        #expect(
            end.wallMilliseconds - start.wallMilliseconds
                == Int64(100_000 + partsPerMillion / 10))
    }

    @Test("a step moves the wall clock alone")
    func step() {
        var clock = VirtualClock(
            driftPartsPerMillion: 0, wallOffsetMilliseconds: 10, bootID: 1)
        let before = clock.moment(at: 5)
        clock.step(milliseconds: -3_600_000)
        let after = clock.moment(at: 5)
        #expect(after.boot == before.boot)
        #expect(after.wallMilliseconds == before.wallMilliseconds - 3_600_000)
    }

    @Test("a reboot starts the boot clock anew")
    func reboot() {
        var clock = VirtualClock(
            driftPartsPerMillion: 0, wallOffsetMilliseconds: 0, bootID: 1)
        clock.reboot(at: .seconds(50), offset: .seconds(3), bootID: 2)
        #expect(clock.moment(at: .seconds(52)).boot.nanoseconds == .seconds(5))
        #expect(clock.bootID == 2)
    }
}

@Suite struct GeneratorTests {
    @Test("exponential times have the mean that was asked for")
    func mean() {
        var generator = SeededGenerator(seed: 3)
        var sum: UInt64 = 0
        var longest: UInt64 = 0
        for _ in 0..<20_000 {
            let time = generator.exponentialTime(mean: .milliseconds(10))
            sum += time
            longest = max(longest, time)
        }
        #expect((UInt64.microseconds(9_500)...(.microseconds(10_500))).contains(sum / 20_000))
        #expect(longest > .milliseconds(60))
        #expect(longest <= .milliseconds(160))
    }

    @Test("a shuffle keeps every element")
    func shuffle() {
        var generator = SeededGenerator(seed: 3)
        let shuffled = generator.shuffle(Array(0..<50))
        #expect(shuffled != Array(0..<50))
        #expect(shuffled.sorted() == Array(0..<50))
    }
}

@Suite struct TraceTests {
    @Test("every part of a line changes the digest")
    func digest() {
        func digest(_ time: UInt64, _ host: Int, _ first: UInt64, _ text: String?) -> UInt64 {
            var trace = Trace(capacity: 4)
            trace.record(.frame, at: time, host: host, first, 7, text: text)
            return trace.digest
        }
        let base = digest(1, 2, 3, nil)
        #expect(digest(1, 2, 3, nil) == base)
        for other in [
            digest(2, 2, 3, nil), digest(1, 3, 3, nil), digest(1, 2, 4, nil), digest(1, 2, 3, "x"),
        ] {
            #expect(other != base)
        }
    }

    @Test("shows the last lines, oldest first")
    func last() {
        var trace = Trace(capacity: 3)
        for host in 0..<5 { trace.record(.tick, at: UInt64(host) * 1_000, host: host) }
        #expect(
            trace.last(2) == ["0.000003 host 3 tick", "0.000004 host 4 tick"])
        #expect(trace.last(9).count == 3)
        #expect(trace.last(9) { $0.host == 2 } == ["0.000002 host 2 tick"])
        #expect(trace.count == 5)
    }
}
