import FlyingSocks
import Foundation
import Node
import Primitives
import Testing

@testable import martlet

/// A formed cluster of two nodes with two shards, the second of which has no leader.
private func sample() -> StatusReport {
    let first = "aaaaaa0000000001"
    let second = "aaaaaa1000000002"
    func node(_ id: String, port: Int) -> StatusReport.Node {
        StatusReport.Node(
            id: id, state: "alive", role: "voter", disk: "ok", cluster: "127.0.0.1:\(port)",
            peer: "127.0.0.1:\(port + 10000)", admin: "127.0.0.1:\(port + 80)")
    }
    func shard(_ id: UInt32, slots: [[Int]], leader: String?) -> StatusReport.Shard {
        StatusReport.Shard(
            id: id, slots: slots, term: 3, leader: leader, commit: 17, applied: 17, keys: 5,
            replicas: [
                StatusReport.Replica(node: first, replica: 1, role: "voter", match: 17, lag: 0),
                StatusReport.Replica(
                    node: second, replica: 2, role: "learner", match: 10, lag: 7, silent: 2500),
            ])
    }
    return StatusReport(
        node: first,
        cluster: StatusReport.Cluster(
            id: "00000000000000ff", name: "prod", epoch: 9, formed: true, founders: 2, replicas: 2),
        warnings: ["founded by 2 seeds: it survives no failure"],
        nodes: [node(first, port: 7000), node(second, port: 7001)],
        directory: shard(0, slots: [], leader: first),
        shards: [
            shard(1, slots: [[0, 8191], [8193, 8193]], leader: first),
            shard(2, slots: [[8192, 8192], [8194, 16383]], leader: nil),
        ])
}

@Suite("Status")
struct StatusTests {
    @Test("is shown as a table that names what is wrong")
    func table() {
        let expected = """
            cluster prod (00000000000000ff): 2 nodes, 2 shards × 2 replicas, epoch 9; answered by aaaaaa0
            WARNING: founded by 2 seeds: it survives no failure
            NOT READY: no leader is known of shard 2

            NODE     STATE  DISK  DIRECTORY  CLUSTER         PEER             ADMIN           LEADS  REPLICAS
            aaaaaa0  alive  ok    voter      127.0.0.1:7000  127.0.0.1:17000  127.0.0.1:7080  1      2
            aaaaaa1  alive  ok    voter      127.0.0.1:7001  127.0.0.1:17001  127.0.0.1:7081  0      2

            SHARD      SLOTS            KEYS  TERM  LEADER   COMMIT  FOLLOWERS (ENTRIES BEHIND)
            directory  -                5     3     aaaaaa0  17      aaaaaa1 learner (7, silent 2 s)
            1          0-8191,8193      5     3     aaaaaa0  17      aaaaaa1 learner (7, silent 2 s)
            2          8192,8194-16383  5     3     none     17      aaaaaa0 (0) aaaaaa1 learner (7, silent 2 s)
            """
        #expect(StatusTable(sample()).text == expected)
    }

    @Test("says what keeps a node from being ready")
    func readiness() {
        var report = sample()
        #expect(!Readiness(report).ready)
        report.shards[1].leader = report.node
        #expect(Readiness(report).ready)
        report.directory?.leader = nil
        #expect(Readiness(report).missing == ["no leader of the directory is known"])
        report.cluster.formed = false
        #expect(Readiness(report).missing.last == "the shards don't exist yet")
        report.cluster.id = nil
        #expect(Readiness(report).missing.count == 1)
    }

    @Test("comes through the admin listener as it was")
    func roundTrip() async throws {
        try await withServer(sample()) { client in
            let report = try await client.report()
            #expect(report == sample())
        }
    }

    @Test("makes /readyz answer 503 with the reasons, then 200; /livez answers 200 throughout")
    func healthEndpoints() async throws {
        try await withServer(sample()) { client in
            let (status, body) = try await client.get("/readyz")
            #expect(status == 503)
            let readiness = try JSONDecoder().decode(Readiness.self, from: body)
            #expect(readiness.missing == ["no leader is known of shard 2"])
            let live = try await client.get("/livez").status
            #expect(live == 200)
            let metrics = try await client.get("/metrics")
            #expect(metrics.status == 200)
            #expect(String(decoding: metrics.body, as: UTF8.self) == "martlet_clients 1\n")
            let nothing = try await client.get("/nothing").status
            #expect(nothing == 404)
        }
        var ready = sample()
        ready.shards[1].leader = ready.node
        try await withServer(ready) { client in
            let status = try await client.get("/readyz").status
            #expect(status == 200)
        }
    }

    @Test("of a port that nobody listens on is refused with the reason")
    func unreachable() async throws {
        // Port 1 (tcpmux) is reserved, and nothing here may bind it.
        let client = AdminClient(address: Address(host: "127.0.0.1", port: 1))
        let failure = await #expect(throws: CommandFailure.self) {
            _ = try await client.report()
        }
        #expect(failure?.status == .unavailable)
        #expect(
            failure?.text.hasPrefix("127.0.0.1:1 can't be reached: nobody listens there") == true)
    }

    @Test("is not served from a port that is taken, and the reason is named at once")
    func takenPort() async throws {
        try await withServer(sample()) { client in
            let second = try await AdminServer(
                address: client.address, source: Fixed(fixed: sample()))
            let error = await #expect(throws: SocketError.self) {
                _ = try await second.start { _ in }
            }
            #expect(error?.reason == "Address already in use")
        }
    }

    private struct Fixed: StatusSource {
        let fixed: StatusReport
        func report() -> StatusReport { fixed }
        func metrics() -> String { "martlet_clients 1\n" }
        func request(_ wish: ClusterWish) -> String? {
            wish == .forget(NodeID(1)) ? nil : "node 2 can't leave"
        }
    }

    private func withServer(
        _ report: StatusReport, _ body: (AdminClient) async throws -> Void
    ) async throws {
        let server = try await AdminServer(
            address: Address(host: "127.0.0.1", port: 0), source: Fixed(fixed: report))
        let serving = try await server.start { _ in }
        defer { serving.cancel() }
        let port = try #require(await server.port)
        try await body(AdminClient(address: Address(host: "127.0.0.1", port: port)))
    }
}
