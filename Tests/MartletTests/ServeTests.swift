import EventLoop
import Primitives
import Runtime
import Settings
import Testing

@testable import martlet

@Suite("Serve")
struct ServeTests {
    @Test("hands every setting to the runtime")
    func settings() throws {
        let loaded = try NodeSettings.load(
            file: nil,
            flags: [
                "--durability=periodic", "--node.data-dir=d", "--node.loops=3",
                "--listen.cluster=127.0.0.1:1", "--listen.peer=127.0.0.1:2",
                "--listen.plain=127.0.0.1:9", "--advertise.plain=q:10",
                "--listen.admin=127.0.0.1:3", "--advertise.cluster=c:4", "--advertise.peer=p:5",
                "--advertise.admin=a:6", "--cluster.name=n", "--cluster.secret=0123456789abcdef",
                "--cluster.seeds=x:7,y:8", "--cluster.shards=9", "--cluster.replicas=5",
                "--security.password=pw", "--limits.max-arguments=100",
                "--limits.max-bulk-length=2000", "--limits.query-buffer=70000",
                "--limits.max-write-size=3000", "--limits.client-output-pause=20000",
                "--limits.entry-cache=2mb", "--raft.heartbeat=100ms",
                "--raft.election-timeout=1s", "--journal.segment-size=4mb",
                "--journal.snapshot-after=8mb",
            ])
        let node = NodeConfiguration(loaded) { _, _ in }
        #expect(node.durability == .periodic)
        #expect(node.dataDirectory == "d")
        #expect(node.loopCount == 3)
        #expect(node.clusterListen.port == 1)
        #expect(node.peerListen.port == 2)
        #expect(node.plainListen?.port == 9)
        #expect(node.advertised.plain == Address(host: "q", port: 10))
        #expect(node.advertised.cluster == Address(host: "c", port: 4))
        #expect(node.advertised.peer == Address(host: "p", port: 5))
        #expect(node.advertised.admin == Address(host: "a", port: 6))
        #expect(node.clusterName == "n")
        #expect(node.secret == Array("0123456789abcdef".utf8))
        #expect(node.seeds.map(\.port) == [7, 8])
        #expect(node.shardCount == 9)
        #expect(node.replicaCount == 5)
        #expect(node.password == Array("pw".utf8))
        #expect(node.requestLimits.argumentCount == 100)
        #expect(node.requestLimits.bulkByteCount == 2000)
        #expect(node.queryBufferByteCount == 70000)
        #expect(node.maxWriteByteCount == 3000)
        #expect(node.outputPauseByteCount == 20000)
        #expect(node.entryCacheByteCount == 2 << 20)
        #expect(node.raft.heartbeatMilliseconds == 100)
        #expect(node.raft.electionMilliseconds == 1000)
        #expect(node.raft.leaseMilliseconds == 900)
        #expect(node.segmentByteCount == 4 << 20)
        #expect(node.snapshotLogByteCount == 8 << 20)
    }

    @Test("leaves the runtime's own defaults where nothing is set")
    func defaults() {
        let node = NodeConfiguration(NodeSettings()) { _, _ in }
        let plain = NodeConfiguration(
            dataDirectory: node.dataDirectory, peerListen: node.peerListen,
            clusterListen: node.clusterListen, advertised: node.advertised,
            clusterName: node.clusterName, log: { _, _ in })
        #expect(node.durability == plain.durability)
        #expect(node.shardCount == plain.shardCount)
        #expect(node.replicaCount == plain.replicaCount)
        #expect(node.loopCount == plain.loopCount)
        #expect(node.requestLimits == plain.requestLimits)
        #expect(node.queryBufferByteCount == plain.queryBufferByteCount)
        #expect(node.maxWriteByteCount == plain.maxWriteByteCount)
        #expect(node.outputPauseByteCount == plain.outputPauseByteCount)
        #expect(node.entryCacheByteCount == plain.entryCacheByteCount)
        #expect(node.segmentByteCount == plain.segmentByteCount)
        #expect(node.snapshotLogByteCount == plain.snapshotLogByteCount)
        #expect(node.raft.heartbeatMilliseconds == plain.raft.heartbeatMilliseconds)
        #expect(node.raft.electionMilliseconds == plain.raft.electionMilliseconds)
        #expect(node.raft.leaseMilliseconds == plain.raft.leaseMilliseconds)
    }

    @Test(
        "ends with the status of what keeps it from starting",
        arguments: [
            (StartError.folderInUse(path: "d", process: 1), ProcessStatus.folder),
            (.portTaken(listener: "peer", Address(host: "h", port: 1)), .unavailable),
            (.newerFormat(path: "d", ""), .badData), (.corrupt(path: "d", ""), .badData),
            (.identity(path: "d", ""), .badData),
            (.system(SystemError(code: 24, operation: "open")), .internalError),
        ])
    func statuses(error: StartError, status: ProcessStatus) {
        #expect(ProcessStatus(error) == status)
    }
}
