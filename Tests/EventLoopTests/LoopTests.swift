import EventLoop
import Glibc
import Primitives
import Testing

@Suite struct LoopTests {
    @Test("mail of each thread arrives in the order in which it was posted")
    func mailbox() throws {
        let threadCount = 4
        let messageCount = 5_000
        var received = [[Int]](repeating: [], count: threadCount)
        try runLoop { loop in
            var left = threadCount * messageCount
            let mailbox = try Mailbox<(Int, Int)>(loop: loop) { messages in
                for (thread, number) in messages { received[thread].append(number) }
                left -= messages.count
                if left == 0 { loop.stop() }
            }
            let threads = try (0..<threadCount).map { thread in
                try WorkerThread(name: "poster") {
                    for number in 0..<messageCount { mailbox.post((thread, number)) }
                }
            }
            let stop = LoopTimer(loop: loop)
            stop.start(milliseconds: 0) { for thread in threads { thread.join() } }
        }
        for thread in received { #expect(thread == Array(0..<messageCount)) }
    }

    @Test("a closed loop takes no mail")
    func closedMailbox() throws {
        let loop = try Loop()
        let handle = loop.handle
        #expect(handle.post { $0.stop() })
        loop.run()
        loop.close()
        #expect(!handle.post { $0.stop() })
    }

    @Test("threads may post while the loop is closing")
    func closingMailbox() throws {
        for _ in 0..<50 {
            let loop = try Loop()
            let mailbox = try Mailbox<Int>(loop: loop) { _ in }
            let thread = try WorkerThread(name: "poster") { while mailbox.post(1) {} }
            loop.close()
            thread.join()
            #expect(!mailbox.post(1))
        }
    }

    /// That of the calling thread.
    private static var niceness: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

    @Test("a thread in the background gives way to others, and it alone", arguments: [false, true])
    func background(isInBackground: Bool) throws {
        try runLoop { loop in
            let own = Self.niceness
            let mailbox = try Mailbox<Int32>(loop: loop) { found in
                #expect(found == [isInBackground ? own + 10 : own])
                loop.stop()
            }
            let thread = try WorkerThread(name: "worker", isInBackground: isInBackground) {
                mailbox.post(Self.niceness)
            }
            thread.join()
            #expect(Self.niceness == own)
        }
    }

    @Test("timers fire in order, repeat until stopped, and the turn ends after them")
    func timers() throws {
        var events: [String] = []
        try runLoop { loop in
            var turnHadEvents = false
            try loop.atEndOfTurn {
                if turnHadEvents { events.append("end") }
                turnHadEvents = false
            }
            let once = LoopTimer(loop: loop)
            once.start(milliseconds: 15) {
                events.append("once")
                turnHadEvents = true
            }
            let again = LoopTimer(loop: loop)
            var count = 0
            again.start(milliseconds: 40, repeatMilliseconds: 10) {
                count += 1
                events.append("again \(count)")
                turnHadEvents = true
                if count == 2 { again.stop() }
            }
            let last = LoopTimer(loop: loop)
            last.start(milliseconds: 150) { loop.stop() }
        }
        #expect(events == ["once", "end", "again 1", "end", "again 2", "end"])
    }

    @Test("the process's signals reach the loop")
    func signals() throws {
        var received: [Int32] = []
        try runLoop { loop in
            let watcher = try SignalWatcher(loop: loop, signal: SIGUSR1) { signal in
                received.append(signal)
                loop.stop()
            }
            #expect(watcher.isOpen)
            kill(getpid(), SIGUSR1)
        }
        #expect(received == [SIGUSR1])
    }

    @Test("boot time goes forward, wall time is after 2020, the boot has an id")
    func clocks() throws {
        let first = SystemClock.now()
        let second = SystemClock.now()
        #expect(first.boot <= second.boot && first.boot > .zero)
        #expect(first.wallMilliseconds > 1_577_836_800_000)
        #expect(try SystemClock.bootID() == SystemClock.bootID())
        #expect(try SystemClock.bootID() != 0)
    }

    @Test("random bytes differ from one call to the next")
    func randomness() {
        #expect(SystemRandom.bytes(32).count == 32)
        #expect(SystemRandom.bytes(32) != SystemRandom.bytes(32))
    }
}
