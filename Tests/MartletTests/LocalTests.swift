import Foundation
import Glibc
import Settings
import Testing

@testable import martlet

@Suite("Local cluster")
struct LocalTests {
    @Test("ports of all nodes are distinct and valid, at both ends of the range of bases")
    func ports() {
        for base in [LocalState.basePorts.lowerBound, LocalState.basePorts.upperBound] {
            let state = LocalState(
                basePort: base, nodeCount: LocalState.maximumNodeCount, flags: [])
            let ports = state.nodes.map(\.number).flatMap {
                [
                    state.clusterPort($0), state.plainPort($0), state.adminPort($0),
                    state.peerPort($0),
                ]
            }
            #expect(Set(ports).count == ports.count)
            #expect(ports.allSatisfy { (1...65535).contains($0) })
        }
    }

    @Test("the default's first node has the documented ports")
    func defaultPorts() {
        let state = LocalState(basePort: 7000, nodeCount: 3, flags: [])
        #expect(state.clusterPort(1) == 7000)
        #expect(state.adminPort(1) == 7080)
        #expect(state.peerPort(1) == 17000)
    }

    @Test("JSON has every key for every node, with null for what is absent")
    func json() throws {
        let report = LocalReport(
            nodes: [
                LocalReport.Node(
                    number: 1, id: nil, pid: nil, state: .stopped, peerPort: 17000,
                    clusterPort: 7000, plainPort: 7040, adminPort: 7080, dir: "/d/node-1")
            ])
        #expect(
            try jsonText(report)
                == "{\"nodes\":[{\"admin_port\":7080,\"cluster_port\":7000,\"dir\":\"/d/node-1\","
                + "\"id\":null,\"number\":1,\"peer_port\":17000,\"pid\":null,\"plain_port\":7040,"
                + "\"state\":\"stopped\"}]}")
    }

    @Test("a pid that another process has is never taken for a node")
    func foreignProcess() {
        let process = NodeProcess(
            pid: ProcessInfo.processInfo.processIdentifier, configuration: "/nowhere/node.toml")
        #expect(process.state == .gone)
    }

    @Test("a process counts as running from the moment it is spawned")
    func spawned() throws {
        for number in 1...200 {
            let configuration = "/nowhere/\(number)/node.toml"
            let pid = try NodeProcess.spawn(
                "/bin/sh", ["-c", "kill -STOP $$", configuration], log: "/dev/null")
            let process = NodeProcess(pid: pid, configuration: configuration)
            let state = process.state
            process.signal(SIGKILL)
            #expect(process.wait(seconds: 10, until: { $0 == .gone }))
            #expect(process.reap() == nil, "an ended child was left behind")
            guard state != .gone else {
                Issue.record("spawn \(number): \(state)")
                return
            }
        }
    }

    @Test("lays out folders with a secret that others can't read, and a configuration that loads")
    func layout() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "martlet-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cluster = try LocalCluster(
            new: folder, state: LocalState(basePort: 9000, nodeCount: 3, flags: []))
        #expect(cluster.report.nodes.map(\.state) == [.stopped, .stopped, .stopped])
        let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/secret")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let settings = try NodeSettings.load(file: folder + "/node-2/node.toml")
        #expect(settings.clusterListen.port == 9001)
        #expect(settings.seeds.map(\.port) == [19000, 19001, 19002])
        #expect(settings.secret?.utf8.count == 64)
    }

    @Test("a folder without one is refused by every verb but start")
    func missing() {
        let failure = #expect(throws: CommandFailure.self) {
            _ = try LocalCluster(existing: "/nonexistent")
        }
        #expect(failure?.status == .usage)
    }
}
