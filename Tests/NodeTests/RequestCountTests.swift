import Node
import Primitives
import Testing

/// What a client asked for once counts once, on however many shards, loops and nodes it is done.
@Suite("Counts of requests") struct RequestCountTests {
    private let watch = FakeStopwatch()

    /// What `INFO` says.
    private func fields(_ reply: String) -> [String: String] {
        let pairs = reply.split(separator: "\r\n").map {
            $0.split(separator: ":", maxSplits: 1).map(String.init)
        }
        return Dictionary(
            uniqueKeysWithValues: pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) })
    }

    private func fields(
        _ rig: ClusterRig, _ client: ClusterRig.Client, _ sections: String...
    ) -> [String: String] {
        fields(rig.run([["INFO"] + sections], on: client))
    }

    private func cluster(
        loops: Int = 1, _ adjust: @escaping (Int, inout LoopSettings) -> Void = { _, _ in }
    ) throws -> ClusterRig {
        let watch = watch
        return try ClusterRig(loops: loops) { node, settings in
            settings.plainDatabaseZero = .sharded
            settings.stopwatch = { watch.read() }
            adjust(node, &settings)
        }
    }

    // MARK: Commands in parts

    @Test("a command in parts counts once on the loop that was asked", arguments: [1, 2])
    func parts(loops: Int) throws {
        let watch = watch
        let rig = try LoopRig(folders: (0..<loops).map { _ in MemoryFolder() }) {
            $0.plainDatabaseZero = .sharded
            $0.stopwatch = { watch.read() }
        }
        rig.found()
        let client = rig.connect(.plain)
        let commands = [
            ["CONFIG", "RESETSTAT"], ["MSET", "a", "1", "b", "2", "c", "3", "d", "4"],
            ["MGET", "a", "b", "c", "d"], ["GET", "a"], ["DBSIZE"], ["RANDOMKEY"], ["FLUSHALL"],
        ]
        for command in commands { _ = rig.run([command], on: client) }
        let found = fields(rig.run([["INFO", "stats", "commandstats"]], on: client))
        #expect(found["total_commands_processed"] == "7")
        for name in ["mset", "mget", "get", "dbsize", "randomkey", "flushall"] {
            #expect(found["cmdstat_" + name]?.hasPrefix("calls=1,") == true, "\(name)")
        }
        #expect(found["cmdstat_flushdb"] == nil)
        // The time of the parts on this loop and of putting their replies together.
        let microseconds = loops == 1 ? 5 : 3
        #expect(
            found["cmdstat_mget"]
                == "calls=1,usec=\(microseconds),usec_per_call=\(microseconds).00,"
                + "rejected_calls=0,failed_calls=0")
        let metrics = rig.metrics().split(separator: "\n")
        for line in [
            #"martlet_commands_total{command="mget"} 1"#,
            #"martlet_command_duration_seconds_count{command="mget"} 1"#,
            #"martlet_command_duration_seconds_sum{command="mget"} \#(microseconds)e-06"#,
            #"martlet_command_duration_seconds_count{command="mset"} 1"#,
            "martlet_requests_total 7",
        ] {
            #expect(metrics.contains(line[...]), "\(line)")
        }
    }

    @Test("parts that another node does count there as nobody's", arguments: [1, 2])
    func remoteParts(loops: Int) throws {
        let rig = try cluster(loops: loops)
        rig.link()
        for group: UInt32 in [1, 2] { rig.lead(1, group: group) }
        let (client, other) = (rig.connect(0, .plain), rig.connect(1))
        let commands = [["MSET", "a", "1", "b", "2"], ["GET", "a"]]
        #expect(rig.run(commands, on: client) == "+OK\r\n$1\r\n1\r\n")
        let (asked, leader) = (
            fields(rig, client, "stats", "commandstats"), fields(rig, other, "commandstats")
        )
        #expect(asked["total_commands_processed"] == "3")
        #expect(asked["cmdstat_mset"]?.hasPrefix("calls=1,") == true)
        #expect(leader["cmdstat_mset"] == nil)
        // What is not split counts where it is executed.
        #expect(asked["cmdstat_get"] == nil)
        #expect(leader["cmdstat_get"]?.hasPrefix("calls=1,") == true)
    }

    @Test("a command in parts that is refused is one error") func errors() throws {
        let rig = try cluster()
        // There are no links to the leader.
        for group: UInt32 in [1, 2] { rig.lead(1, group: group) }
        let client = rig.connect(0, .plain)
        #expect(rig.run([["MSET", "a", "1", "b", "2", "c", "3"]], on: client) == "")
        rig.advance(milliseconds: 10_000)
        #expect(rig.take(client) == "-CLUSTERDOWN The cluster is down\r\n")
        let found = fields(rig, client, "stats", "commandstats", "errorstats")
        #expect(found["total_error_replies"] == "1")
        #expect(found["errorstat_CLUSTERDOWN"] == "count=1")
        #expect(
            found["cmdstat_mset"]?.hasSuffix("rejected_calls=0,failed_calls=1") == true,
            "\(found["cmdstat_mset"] ?? "")")
    }

    // MARK: Unknown outcomes

    private func unknownOutcomes(_ rig: ClusterRig, _ client: ClusterRig.Client) -> String? {
        fields(rig, client, "stats")["martlet_unknown_outcomes"]
    }

    /// Lets nothing of these groups reach or leave a node.
    private func cutOff(_ node: Int, _ groups: [UInt32], _ rig: ClusterRig) {
        rig.delivers = { from, to, message in
            !groups.contains(message.group.rawValue) || (from != node && to != node)
        }
    }

    @Test("a write of unknown fate counts once, and the read behind it not", arguments: [1, 2])
    func uncertainWrite(loops: Int) throws {
        let rig = try cluster(loops: loops) { $1.unknownMilliseconds = 2000 }
        let client = rig.connect(0)
        cutOff(0, [1], rig)
        #expect(rig.run([["SET", "{b}", "1"], ["GET", "{b}"]], on: client) == "")
        rig.advance(milliseconds: 3000)
        let replies = rig.take(client).split(separator: "\r\n")
        #expect(replies.map { $0.prefix { $0 != " " } } == ["-UNCERTAIN", "-TRYAGAIN"])
        #expect(unknownOutcomes(rig, client) == "1")
    }

    @Test("of a forwarded write, the node that was asked counts the unknown fate")
    func uncertainForward() throws {
        let rig = try cluster { node, settings in
            if node == 1 { settings.unknownMilliseconds = 2000 }
        }
        rig.link()
        rig.lead(1)
        let (client, other) = (rig.connect(0, .plain), rig.connect(1))
        rig.delivers = { from, to, message in
            message.group != GroupID(1) || (from != 1 && to != 1)
        }
        #expect(rig.run([["SET", "b", "1"]], on: client) == "")
        rig.advance(milliseconds: 3000)
        #expect(rig.take(client).hasPrefix("-UNCERTAIN "))
        #expect(unknownOutcomes(rig, client) == "1")
        #expect(unknownOutcomes(rig, other) == "0")
    }

    @Test("a command in parts counts once however many of them are uncertain")
    func uncertainParts() throws {
        let rig = try cluster { $1.unknownMilliseconds = 2000 }
        let client = rig.connect(0, .plain)
        cutOff(0, [1, 2], rig)
        #expect(rig.run([["MSET", "a", "1", "b", "2", "c", "3"]], on: client) == "")
        rig.advance(milliseconds: 3000)
        #expect(rig.take(client).hasPrefix("-UNCERTAIN some "))
        #expect(unknownOutcomes(rig, client) == "1")
    }

    @Test("a command over all shards that some may have done counts once", arguments: [1, 2])
    func uncertainFlush(loops: Int) throws {
        let rig = try cluster(loops: loops)
        let client = rig.connect(0)
        #expect(rig.run([["SET", "{b}", "1"], ["SET", "{a}", "1"]], on: client) != "")
        // Group 1's entry is overwritten by that of another leader; group 2's is done.
        cutOff(0, [1], rig)
        #expect(rig.run([["FLUSHALL"]], on: client) == "")
        rig.advance(milliseconds: 2000)
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 2000)
        #expect(rig.take(client).hasPrefix("-UNCERTAIN "))
        #expect(unknownOutcomes(rig, client) == "1")
    }

    @Test("who is gone or wants no replies was not answered") func unanswered() throws {
        let rig = try cluster { $1.unknownMilliseconds = 2000 }
        let (gone, muted, other) = (rig.connect(0), rig.connect(0), rig.connect(0))
        cutOff(0, [1], rig)
        #expect(rig.run([["SET", "{b}", "1"]], on: gone) == "")
        #expect(rig.run([["CLIENT", "REPLY", "OFF"], ["SET", "{b}", "1"]], on: muted) == "")
        rig.disconnect(gone)
        rig.advance(milliseconds: 3000)
        #expect(unknownOutcomes(rig, other) == "0")
    }
}
