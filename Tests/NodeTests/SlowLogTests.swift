import Node
import Primitives
import Synchronization
import Testing
import Topology

/// A stopwatch that goes on by as much as a test says, each time it is read.
final class FakeStopwatch: Sendable {
    private let time = Atomic<UInt64>(1_000_000_000)
    private let step = Atomic<UInt64>(1_000)

    /// How long everything takes from now on, in microseconds.
    func takes(microseconds: UInt64) {
        step.store(microseconds * 1000, ordering: .relaxed)
    }

    func read() -> UInt64 {
        time.wrappingAdd(step.load(ordering: .relaxed), ordering: .relaxed).newValue
    }
}

@Suite("SLOWLOG, LATENCY and counts of commands") struct SlowLogTests {
    private let watch = FakeStopwatch()

    private func founded(loops: Int = 1) throws -> LoopRig {
        let watch = watch
        let rig = try LoopRig(folders: (0..<loops).map { _ in MemoryFolder() }) {
            $0.stopwatch = { watch.read() }
        }
        rig.found()
        return rig
    }

    private func set(_ rig: LoopRig, _ name: String, _ value: String, number: UInt64) {
        let values = [ParameterValue(name, value)]
        rig.post(
            .proposeDirectory(
                .setParameters(
                    ParameterChange(
                        node: LoopRig.node, mark: ParameterChangeMark(process: 1, number: number),
                        values: values))), to: 0)
        rig.advance(milliseconds: 100)
    }

    /// The slow commands, newest first: duration and arguments.
    private func entries(
        _ rig: LoopRig, _ client: (loop: Int, id: ConnectionID), count: Int = -1
    ) -> [String] {
        let reply = rig.run([["SLOWLOG", "GET", "\(count)"]], on: client)
        return reply.split(separator: "*6\r\n").dropFirst().map { entry in
            let lines = entry.split(separator: "\r\n", omittingEmptySubsequences: false)
            let texts = stride(from: 5, to: lines.count - 5, by: 2).map { String(lines[$0]) }
            return ([String(lines[2].dropFirst())] + texts).joined(separator: " ")
        }
    }

    @Test("slow commands are kept with their times, reads and writes alike", arguments: [1, 2])
    func slow(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        _ = rig.run([["SET", "{a}", "1"], ["GET", "{b}"]], on: client)
        #expect(rig.run([["SLOWLOG", "LEN"]], on: client) == ":0\r\n")
        watch.takes(microseconds: 10_000)
        _ = rig.run([["SET", "{a}", "1"]], on: client)
        rig.advance(milliseconds: 1000)
        _ = rig.run([["SET", "{b}", "2"]], on: client)
        rig.advance(milliseconds: 1000)
        _ = rig.run([["MGET", "{b}", "{b}"]], on: client)
        watch.takes(microseconds: 9_999)
        _ = rig.run([["GET", "{b}"]], on: client)
        #expect(
            entries(rig, client) == ["10000 MGET {b} {b}", "10000 SET {b} 2", "10000 SET {a} 1"])
        #expect(entries(rig, client, count: 1) == ["10000 MGET {b} {b}"])
        #expect(
            rig.run([["SLOWLOG", "LEN"], ["SLOWLOG", "RESET"]], on: client) == ":3\r\n+OK\r\n")
        #expect(entries(rig, client).isEmpty)
    }

    @Test("what comes from another loop's plain client is timed from when it came")
    func forwarded() throws {
        let rig = try founded(loops: 2)
        let client = rig.connect(.plain)
        for database in 0..<16 {
            #expect(
                rig.run([["SELECT", "\(database)"], ["GET", "a"]], on: client) == "+OK\r\n$-1\r\n")
            watch.takes(microseconds: 50_000)
            _ = watch.read()
            watch.takes(microseconds: 1)
            #expect(rig.run([["GET", "a"]], on: client) == "$-1\r\n")
        }
        #expect(entries(rig, client).isEmpty)
    }

    @Test("long requests are cut, and passwords left out") func arguments() throws {
        let rig = try founded()
        let client = rig.connect()
        watch.takes(microseconds: 20_000)
        let long = String(repeating: "x", count: 200)
        _ = rig.run([["ECHO", long]], on: client)
        _ = rig.run([["AUTH", "secret"]], on: client)
        _ = rig.run([["HELLO", "2", "AUTH", "me", "secret"]], on: client)
        _ = rig.run([["DEL"] + (0..<40).map { "{b}\($0)" }], on: client)
        watch.takes(microseconds: 1)
        let found = entries(rig, client)
        #expect(found.count == 4)
        let keys = (0..<30).map { "{b}\($0)" }.joined(separator: " ")
        #expect(found.contains("20000 DEL \(keys) ... (10 more arguments)"))
        #expect(found.contains("20000 HELLO 2 AUTH (redacted) (redacted)"))
        #expect(found.contains("20000 AUTH (redacted)"))
        #expect(
            found.contains(
                "20000 ECHO " + String(repeating: "x", count: 128) + "... (72 more bytes)"))
    }

    @Test("the parameters bound what is kept", arguments: [1, 2]) func limits(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        set(rig, "slowlog-max-len", "3", number: 1)
        set(rig, "slowlog-log-slower-than", "0", number: 2)
        for number in 0..<10 { _ = rig.run([["ECHO", "\(number)"]], on: client) }
        #expect(rig.run([["SLOWLOG", "LEN"]], on: client) == ":3\r\n")
        #expect(entries(rig, client).count == 3)
        set(rig, "slowlog-log-slower-than", "-1", number: 3)
        _ = rig.run([["SLOWLOG", "RESET"]], on: client)
        watch.takes(microseconds: 10_000_000)
        _ = rig.run([["ECHO", "x"]], on: client)
        #expect(rig.run([["SLOWLOG", "LEN"]], on: client) == ":0\r\n")
    }

    @Test("HISTOGRAM sums up the calls of all loops", arguments: [1, 2])
    func histogram(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        for name in ["{a}", "{b}"] {
            for _ in 0..<3 { _ = rig.run([["SET", name, "1"], ["GET", name]], on: client) }
        }
        watch.takes(microseconds: 100)
        for name in ["{a}", "{b}"] { _ = rig.run([["GET", name]], on: client) }
        #expect(
            rig.run([["LATENCY", "HISTOGRAM", "get", "SET", "nosuch"]], on: client)
                == "*4\r\n$3\r\nget\r\n*4\r\n$5\r\ncalls\r\n:8\r\n$14\r\nhistogram_usec\r\n*4\r\n"
                + ":1\r\n:6\r\n:131\r\n:8\r\n$3\r\nset\r\n*4\r\n$5\r\ncalls\r\n:6\r\n"
                + "$14\r\nhistogram_usec\r\n*2\r\n:1\r\n:6\r\n")
        set(rig, "latency-tracking", "no", number: 1)
        #expect(
            rig.run([["CONFIG", "RESETSTAT"], ["GET", "{a}"]], on: client).hasSuffix("1\r\n"))
        #expect(rig.run([["LATENCY", "HISTOGRAM"]], on: client) == "*0\r\n")
    }

    @Test("without latency-tracking a histogram's sum stands as its count does, and usec goes on")
    func untracked() throws {
        let rig = try founded()
        let client = rig.connect()
        func histogram() -> [Substring] {
            let prefix = "martlet_command_duration_seconds_"
            return rig.metrics().split(separator: "\n").filter {
                $0.hasPrefix(prefix + "sum{command=\"get\"}")
                    || $0.hasPrefix(prefix + "count{command=\"get\"}")
            }
        }
        func calls() -> String { rig.run([["INFO", "commandstats"]], on: client) }
        _ = rig.run([["GET", "{a}"]], on: client)
        let before = histogram()
        #expect(before.map { $0.split(separator: " ")[1] } == ["1e-06", "1"])
        set(rig, "latency-tracking", "no", number: 1)
        _ = rig.run([["GET", "{a}"]], on: client)
        #expect(histogram() == before)
        // With nothing else that needs times, too.
        set(rig, "slowlog-log-slower-than", "-1", number: 2)
        _ = rig.run([["GET", "{a}"]], on: client)
        #expect(calls().contains("cmdstat_get:calls=3,usec=3,usec_per_call=1.00,"), "\(calls())")
        set(rig, "latency-tracking", "yes", number: 3)
        _ = rig.run([["GET", "{a}"]], on: client)
        #expect(histogram().map { $0.split(separator: " ")[1] } == ["2e-06", "2"])
    }

    @Test("fast commands of a pipeline share their time, unless the slow log wants each")
    func sharedTime() throws {
        let rig = try founded(loops: 1)
        let client = rig.connect()
        _ = rig.run([["SLOWLOG", "RESET"]], on: client)
        watch.takes(microseconds: 40_000)
        let pipeline = [["ECHO", "a"], ["ECHO", "b"], ["ECHO", "c"], ["ECHO", "d"]]
        _ = rig.run(pipeline, on: client)
        watch.takes(microseconds: 1)
        #expect(entries(rig, client) == ["10000 ECHO d"])
        set(rig, "slowlog-log-slower-than", "500", number: 1)
        _ = rig.run([["SLOWLOG", "RESET"]], on: client)
        watch.takes(microseconds: 600)
        _ = rig.run(pipeline, on: client)
        watch.takes(microseconds: 1)
        #expect(entries(rig, client).filter { $0.hasPrefix("600 ECHO") }.count == 4)
    }

    @Test("LATENCY keeps what took long, by seconds", arguments: [1, 2])
    func events(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        #expect(rig.run([["LATENCY", "DOCTOR"]], on: client).contains("is off"))
        set(rig, "latency-monitor-threshold", "50", number: 1)
        #expect(rig.run([["LATENCY", "DOCTOR"]], on: client).contains("50 ms or longer since"))
        watch.takes(microseconds: 49_000)
        _ = rig.run([["HGETALL", "{a}"]], on: client)
        watch.takes(microseconds: 60_000)
        _ = rig.run([["HGETALL", "{a}"]], on: client)
        rig.advance(milliseconds: 2000)
        watch.takes(microseconds: 90_000)
        _ = rig.run([["HGETALL", "{b}"]], on: client)
        watch.takes(microseconds: 70_000)
        _ = rig.run([["HGETALL", "{b}"]], on: client)
        watch.takes(microseconds: 1)
        let history = rig.run([["LATENCY", "HISTORY", "command"]], on: client)
        #expect(history.hasPrefix("*2\r\n*2\r\n:17000000"))
        #expect(history.contains("\r\n:60\r\n*2\r\n:17000000") && history.hasSuffix("\r\n:90\r\n"))
        let latest = rig.run([["LATENCY", "LATEST"]], on: client)
        #expect(latest.contains("$7\r\ncommand\r\n:17000000"))
        #expect(latest.contains("\r\n:90\r\n:90\r\n"))
        #expect(rig.run([["LATENCY", "DOCTOR"]], on: client).contains("- command: in 2 seconds"))
        #expect(rig.run([["LATENCY", "GRAPH", "command"]], on: client).contains("high 90 ms"))
        #expect(rig.run([["LATENCY", "RESET", "nosuch", "command"]], on: client) == ":1\r\n")
        #expect(rig.run([["LATENCY", "HISTORY", "command"]], on: client) == "*0\r\n")
    }

    @Test("a commit and a disk that take long are events") func slowDisk() throws {
        let rig = try founded()
        let client = rig.connect()
        set(rig, "latency-monitor-threshold", "50", number: 1)
        rig.isDiskSlow = true
        _ = rig.run([["SET", "{b}", "1"]], on: client)
        rig.advance(milliseconds: 200)
        rig.isDiskSlow = false
        rig.finishDisk()
        let latest = rig.run([["LATENCY", "LATEST"]], on: client)
        #expect(latest.contains("$6\r\ncommit\r\n") && latest.contains("$9\r\ndisk-sync\r\n"))
        #expect(latest.contains("\r\n:200\r\n:200\r\n"))
    }

    @Test("the page for Prometheus sums up all loops", arguments: [1, 2])
    func metrics(loops: Int) throws {
        let rig = try founded(loops: loops)
        let client = rig.connect()
        _ = rig.run(
            [
                ["SET", "{a}", "1"], ["SET", "{b}", "1"], ["HGET", "{a}", "f"],
                ["GET", "{b}", "x"],
            ],
            on: client)
        let lines = rig.metrics().split(separator: "\n").map(String.init)
        for line in [
            #"martlet_commands_total{command="set"} 2"#,
            #"martlet_commands_failed_total{command="hget"} 1"#,
            #"martlet_commands_rejected_total{command="get"} 1"#,
            #"martlet_command_duration_seconds_bucket{command="set",le="+Inf"} 2"#,
            #"martlet_command_duration_seconds_count{command="set"} 2"#,
            #"martlet_error_replies_total{code="WRONGTYPE"} 1"#,
            #"martlet_groups{state="led"} 2"#, "martlet_keys{database=\"sharded\"} 2",
            "martlet_clients 1",
        ] {
            let isThere = lines.contains(line)
            #expect(isThere, "\(line)")
        }
        let types = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
        #expect(Set(types).count == types.count)
    }
}
