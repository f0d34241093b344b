import Primitives
import Simulation
import Testing

@Suite struct PathsTests {
    private func paths(_ change: (inout Weather) -> Void = { _ in }) -> Paths {
        var weather = Weather()
        change(&weather)
        return Paths(hostCount: 3, weather: weather, seed: 1)
    }

    @Test("a one-way cut lets the other way through, and cuts add up")
    func cuts() {
        var paths = paths()
        paths.cut(from: 0, to: 1)
        paths.cut(from: 0, to: 1)
        #expect(!paths.isOpen(from: 0, to: 1))
        #expect(paths.isOpen(from: 1, to: 0))
        #expect(paths.datagramDelays(from: 0, to: 1).isEmpty)
        #expect(paths.datagramDelays(from: 1, to: 0).count == 1)
        paths.restore(from: 0, to: 1)
        #expect(!paths.isOpen(from: 0, to: 1))
        paths.restore(from: 0, to: 1)
        #expect(paths.isOpen(from: 0, to: 1))
    }

    @Test("datagrams are lost and doubled as often as the weather says")
    func lossAndDuplication() {
        var lossy = paths { $0.lossPercent = 30 }
        var doubling = paths { $0.duplicationPercent = 40 }
        var arrived = 0
        var copies = 0
        for _ in 0..<5_000 {
            arrived += lossy.datagramDelays(from: 0, to: 1).count
            copies += doubling.datagramDelays(from: 0, to: 1).count
        }
        #expect((3_350...3_650).contains(arrived))
        #expect((6_850...7_150).contains(copies))
    }

    @Test("datagrams overtake each other when delays vary")
    func reordering() {
        var paths = paths { $0.meanExtraDelay = .milliseconds(20) }
        let delays = (0..<50).flatMap { _ in paths.datagramDelays(from: 0, to: 1) }
        #expect(delays != delays.sorted())
    }

    @Test("a lost segment of a stream comes later, not never")
    func retransmission() {
        var paths = paths { $0.lossPercent = 50 }
        let delays = (0..<300).map { _ in paths.streamDelay(byteCount: 100) }
        #expect(delays.contains { $0 > .milliseconds(200) })
        #expect(delays.contains { $0 < .milliseconds(10) })
    }
}

@Suite struct StreamsTests {
    /// Two hosts, one kind of payload, and a queue that drives the streams.
    private struct Wire {
        var streams = Streams<Int>(seed: 4)
        var paths: Paths
        var queue = EventQueue<StreamEvent>()
        var received: [[Int]] = [[], []]
        var closed: [[UInt64]] = [[], []]

        init(_ change: (inout Weather) -> Void = { _ in }) {
            var weather = Weather()
            change(&weather)
            paths = Paths(hostCount: 2, weather: weather, seed: 9)
        }

        mutating func send(_ id: StreamID, from end: StreamEnd, _ payload: Int) {
            var events: [(StreamEvent, UInt64)] = []
            streams.send(
                id, from: end, payload, byteCount: 10, now: queue.now, paths: &paths
            ) { events.append(($0, $1)) }
            for (event, time) in events { queue.schedule(event, at: time) }
        }

        mutating func close(_ id: StreamID, from end: StreamEnd, isSilent: Bool = false) {
            var events: [(StreamEvent, UInt64)] = []
            streams.close(id, from: end, isSilent: isSilent, now: queue.now) {
                events.append(($0, $1))
            }
            for (event, time) in events { queue.schedule(event, at: time) }
        }

        mutating func run(until limit: UInt64) {
            while let time = queue.nextTime, time <= limit, let event = queue.next() {
                switch event {
                case .arrival(let id, let end):
                    var events: [(StreamEvent, UInt64)] = []
                    received[Int(end.rawValue)] += streams.arrive(
                        id, at: end, now: queue.now, paths: paths
                    ) { events.append(($0, $1)) }
                    for (event, time) in events { queue.schedule(event, at: time) }
                case .close(let id, let end):
                    if streams.closeArrives(id, at: end) {
                        closed[Int(end.rawValue)].append(queue.now)
                    }
                }
            }
        }
    }

    @Test("everything arrives once and in order, however the delays fall")
    func ordered() {
        var wire = Wire {
            $0.meanExtraDelay = .milliseconds(30)
            $0.lossPercent = 20
        }
        let id = wire.streams.open(from: 0, to: 1)
        for payload in 0..<200 {
            wire.send(id, from: .initiator, payload)
            wire.send(id, from: .acceptor, -payload)
        }
        wire.run(until: .seconds(60))
        #expect(wire.received[1] == Array(0..<200))
        #expect(wire.received[0] == (0..<200).map { -$0 })
    }

    @Test("a short cut delays, and loses nothing")
    func shortCut() {
        var wire = Wire()
        let id = wire.streams.open(from: 0, to: 1)
        wire.paths.cut(from: 0, to: 1)
        wire.send(id, from: .initiator, 1)
        wire.send(id, from: .initiator, 2)
        wire.run(until: .milliseconds(500))
        #expect(wire.received[1].isEmpty)
        wire.paths.restore(from: 0, to: 1)
        wire.run(until: .seconds(2))
        #expect(wire.received[1] == [1, 2])
        #expect(wire.streams.isOpen(id))
    }

    @Test("a long cut breaks the stream for both ends, even one way", arguments: [0, 1])
    func longCut(cutHost: Int) {
        var wire = Wire()
        let id = wire.streams.open(from: 0, to: 1)
        wire.paths.cut(from: cutHost, to: 1 - cutHost)
        wire.send(id, from: .initiator, 1)
        wire.run(until: .seconds(8))
        // The data way is open in the second case, only its acknowledgements are cut.
        #expect(wire.received[1] == (cutHost == 0 ? [] : [1]))
        #expect(!wire.streams.isOpen(id))
        #expect(wire.closed[0].count == 1 && wire.closed[1].count == 1)
        wire.send(id, from: .initiator, 2)
        wire.paths.restore(from: cutHost, to: 1 - cutHost)
        wire.run(until: .seconds(20))
        #expect(!wire.received[1].contains(2))
    }

    @Test("a close arrives after what was sent before it")
    func orderlyClose() {
        var wire = Wire { $0.meanExtraDelay = .milliseconds(10) }
        let id = wire.streams.open(from: 0, to: 1)
        for payload in 0..<5 { wire.send(id, from: .initiator, payload) }
        wire.close(id, from: .initiator)
        wire.send(id, from: .initiator, 99)
        wire.run(until: .seconds(1))
        #expect(wire.received[1] == [0, 1, 2, 3, 4])
        #expect(wire.closed[1].count == 1)
        #expect(wire.closed[0].isEmpty)
        #expect(wire.streams.count == 0)
    }

    @Test("a host that vanishes is noticed late")
    func silentClose() {
        var wire = Wire()
        let id = wire.streams.open(from: 0, to: 1)
        wire.close(id, from: .acceptor, isSilent: true)
        wire.run(until: .milliseconds(150))
        #expect(wire.closed[0].isEmpty)
        wire.run(until: .seconds(10))
        #expect(wire.closed[0].count == 1)
    }

    @Test("an aborted stream delivers a first part at most")
    func abort() {
        var partial = false
        var wire = Wire { $0.minimumDelay = .milliseconds(300) }
        for _ in 0..<30 {
            let id = wire.streams.open(from: 0, to: 1)
            wire.received[1] = []
            for payload in 0..<6 { wire.send(id, from: .initiator, payload) }
            let now = wire.queue.now
            var events: [(StreamEvent, UInt64)] = []
            wire.streams.abort(id, now: now) { events.append(($0, $1)) }
            for (event, time) in events { wire.queue.schedule(event, at: time) }
            wire.run(until: now + .seconds(2))
            let count = wire.received[1].count
            #expect(wire.received[1] == Array(0..<count))
            if (1..<6).contains(count) { partial = true }
            #expect(!wire.streams.isOpen(id))
        }
        #expect(partial)
        #expect(wire.streams.count == 0)
    }

    @Test("ids of closed streams name nothing later")
    func generations() {
        var wire = Wire()
        let first = wire.streams.open(from: 0, to: 1)
        wire.close(first, from: .initiator)
        wire.run(until: .seconds(1))
        let second = wire.streams.open(from: 0, to: 1)
        #expect(second.index == first.index)
        #expect(second != first)
        #expect(!wire.streams.isOpen(first))
        wire.send(first, from: .initiator, 5)
        wire.run(until: .seconds(2))
        #expect(wire.received[1].isEmpty)
    }
}
