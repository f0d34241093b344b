import Node
import Primitives
import Testing

@Suite("INFO") struct InfoTests {
    /// The fields of some sections, by name.
    private func fields(
        _ rig: ClusterRig, _ client: ClusterRig.Client, _ sections: String...
    ) -> [String: String] {
        let lines = rig.run([["INFO"] + sections], on: client).split(separator: "\r\n")
        let pairs = lines.map { $0.split(separator: ":", maxSplits: 1).map(String.init) }
        return Dictionary(
            uniqueKeysWithValues: pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) })
    }

    @Test("tells of all loops", arguments: [1, 2]) func allLoops(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        let other = rig.connect(0, loop: loops - 1)
        for name in ["{a}", "{b}"] {
            #expect(rig.run([["SET", name, "v"]], on: client) == "+OK\r\n")
        }
        #expect(rig.run([["SET", "{b}2", "v", "PX", "100000"]], on: other) == "+OK\r\n")
        let found = fields(rig, client)
        #expect(found["connected_clients"] == "2")
        #expect(found["db0"] == "keys=3,expires=1")
        #expect(found["martlet_groups_led"] == "2")
        #expect(found["martlet_groups_hosted"] == "3")
        #expect(found["total_connections_received"] == "2")
        // INFO itself is the fourth.
        #expect(found["total_commands_processed"] == "4")
        #expect(try #require(found["used_memory"].flatMap { Int($0) }) > 0)
        #expect(found["total_error_replies"] == "0")
    }

    @Test("counts each command and each error once", arguments: [1, 2])
    func once(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let client = rig.connect(0)
        rig.delivers = { from, to, _ in from != 0 && to != 0 }
        // DBSIZE is tried again and again until the write is there.
        #expect(rig.run([["SET", "{b}", "v"], ["DBSIZE"]], on: client) == "")
        rig.advance(milliseconds: 100)
        rig.delivers = { _, _, _ in true }
        rig.advance(milliseconds: 500)
        #expect(rig.take(client) == "+OK\r\n:1\r\n")
        _ = rig.run([["INCR", "{b}"], ["HGET", "{b}", "f"], ["NOSUCH"]], on: client)
        let found = fields(rig, client, "stats")
        #expect(found["total_commands_processed"] == "5")
        #expect(found["total_error_replies"] == "3")
    }

    @Test("shows who waits, what goes in and out, and how fast", arguments: [1, 2])
    func service(loops: Int) throws {
        let rig = try ClusterRig(loops: loops)
        let waiting = rig.connect(0, loop: loops - 1)
        rig.delivers = { _, to, _ in to != 2 }
        #expect(rig.run([["SET", "{b}", "1"], ["WAIT", "2", "0"]], on: waiting) == "+OK\r\n")
        let client = rig.connect(0)
        #expect(fields(rig, client, "clients")["blocked_clients"] == "1")
        rig.advance(milliseconds: 1000)
        for _ in 0..<50 { #expect(rig.run([["PING"]], on: client) == "+PONG\r\n") }
        let before = fields(rig, client, "stats")
        rig.advance(milliseconds: 1000)
        let after = fields(rig, client, "stats")
        #expect(before["total_net_input_bytes"] != after["total_net_input_bytes"])
        #expect(after["instantaneous_ops_per_sec"] == "51")
        let input = try #require(after["instantaneous_input_kbps"])
        #expect(try #require(Double(input)) > 0.5)
    }

    @Test("gives the sections that were asked for")
    func sections() throws {
        let rig = try ClusterRig()
        let client = rig.connect(0)
        let reply = rig.run([["INFO", "CPU", "nosuch", "Cluster"]], on: client)
        #expect(reply == "$39\r\n# CPU\r\n\r\n# Cluster\r\ncluster_enabled:1\r\n\r\n")
        #expect(rig.run([["INFO", "nosuch"]], on: client) == "$0\r\n\r\n")
        for all in ["all", "EVERYTHING", "default"] {
            #expect(rig.run([["INFO", all]], on: client).contains("# Keyspace"))
        }
    }
}
