import EventLoop
import Journal
import Node
import Primitives
import Testing
import Topology

@testable import Runtime

@Suite(.serialized) struct NodeRuntimeTests {
    @Test("a new folder becomes a node that serves, and keeps what it took", arguments: [1, 2])
    func restart(loopCount: Int) throws {
        let folder = try TemporaryFolder()
        var configuration = TestNode.configuration(folder: folder.path + "/data")
        configuration.loopCount = loopCount
        var firstID: NodeID?
        do {
            let node = try NodeRuntime.start(configuration)
            firstID = node.nodeID
            for key in ["a", "b", "c", "d"] {
                #expect(try TestNode.ask(node, "SET \(key) value-\(key)") == "+OK\r\n")
            }
            node.requestStop()
            #expect(node.run() == .requested)
        }
        let node = try NodeRuntime.start(configuration)
        #expect(node.nodeID == firstID)
        for key in ["a", "b", "c", "d"] {
            #expect(try TestNode.ask(node, "GET \(key)") == "$7\r\nvalue-\(key)\r\n")
        }
        node.requestStop()
        #expect(node.run() == .requested)
    }

    enum Loss: CaseIterable {
        case newestSegment, allSegments, head
    }

    @Test(
        "a node whose journal has lost its segments, or its head, starts and serves none of it",
        arguments: Loss.allCases)
    func losesJournal(loss: Loss) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/data"
        let configuration = TestNode.configuration(folder: path)
        for _ in 0..<2 {
            let node = try NodeRuntime.start(configuration)
            #expect(try TestNode.ask(node, "SET a 1") == "+OK\r\n")
            node.requestStop()
            #expect(node.run() == .requested)
        }
        let journal = path + "/journal-0"
        let segments = try FileSystem.names(in: journal).filter { $0.hasPrefix("segment-") }
        let newest = try #require(try segments.last { try hasBegun("\(journal)/\($0)") })
        switch loss {
        case .newestSegment: try FileSystem.remove("\(journal)/\(newest)")
        case .allSegments:
            for name in segments { try FileSystem.remove("\(journal)/\(name)") }
        case .head: try FileSystem.remove(journal + ".head")
        }
        for _ in 0..<2 {
            let found = try Journal.recover(
                from: JournalFolder(path: journal), settings: JournalSettings(),
                mustHaveHead: true, bootID: 1, seed: 1,
                now: Moment(boot: .zero, wallMilliseconds: 0))
            #expect(found.mayHaveLostGroups)
            #expect(found.groups.allSatisfy { $0.quarantine != nil })
            let node = try NodeRuntime.start(configuration)
            #expect(try TestNode.ask(node, "GET a") != "$-1\r\n")
            node.requestStop()
            #expect(node.run() == .requested)
        }
    }

    /// Whether a segment holds a header of its own; a recycled one still has another's.
    private func hasBegun(_ path: String) throws -> Bool {
        let number = try #require(UInt8(path.dropLast(4).suffix(2), radix: 16))
        return try FileSystem.read(path)[24] == number
    }

    @Test("in periodic mode, too, what was taken before a clean stop is there after it")
    func periodic() throws {
        let folder = try TemporaryFolder()
        var configuration = TestNode.configuration(folder: folder.path)
        configuration.durability = .periodic
        do {
            let node = try NodeRuntime.start(configuration)
            #expect(try TestNode.ask(node, "SET a 1") == "+OK\r\n")
            #expect(try TestNode.ask(node, "INCR a") == ":2\r\n")
            node.requestStop()
            #expect(node.run() == .requested)
        }
        let node = try NodeRuntime.start(configuration)
        #expect(try TestNode.ask(node, "GET a") == "$1\r\n2\r\n")
        node.requestStop()
        #expect(node.run() == .requested)
    }

    @Test("a second node on a folder, and a second one on a port, are refused")
    func refusals() throws {
        let folder = try TemporaryFolder()
        let configuration = TestNode.configuration(folder: folder.path + "/one")
        let node = try NodeRuntime.start(configuration)
        let sameFolder = #expect(throws: StartError.self) {
            try NodeRuntime.start(configuration)
        }
        #expect("\(try #require(sameFolder))".contains("is in use by process"))
        var other = TestNode.configuration(folder: folder.path + "/two")
        other.clusterListen = node.listeners.cluster
        #expect(throws: StartError.portTaken(listener: "cluster", node.listeners.cluster)) {
            try NodeRuntime.start(other)
        }
        other = TestNode.configuration(folder: folder.path + "/two")
        other.clusterListen = Address(host: "192.0.2.1", port: 7000)
        let notOurs = #expect(throws: StartError.self) { try NodeRuntime.start(other) }
        #expect("\(try #require(notOurs))".contains("192.0.2.1:7000: address not available"))
        node.requestStop()
        #expect(node.run() == .requested)
    }

    @Test("a folder of another cluster is refused")
    func otherCluster() throws {
        let folder = try TemporaryFolder()
        var configuration = TestNode.configuration(folder: folder.path)
        do {
            let node = try NodeRuntime.start(configuration)
            #expect(try TestNode.ask(node, "SET a 1") == "+OK\r\n")
            node.requestStop()
            #expect(node.run() == .requested)
        }
        configuration.clusterName = "another"
        let error = #expect(throws: StartError.self) { try NodeRuntime.start(configuration) }
        guard case .identity = try #require(error) else {
            Issue.record("refused for another reason: \(String(describing: error))")
            return
        }
    }

    @Test("a garbled identity is refused as damage")
    func damagedIdentity() throws {
        let folder = try TemporaryFolder()
        let configuration = TestNode.configuration(folder: folder.path)
        do {
            let node = try NodeRuntime.start(configuration)
            node.requestStop()
            _ = node.run()
        }
        try FileSystem.replace(folder.path + "/identity", with: [1, 2, 3])
        let error = #expect(throws: StartError.self) { try NodeRuntime.start(configuration) }
        guard case .corrupt = try #require(error) else {
            Issue.record("refused for another reason: \(String(describing: error))")
            return
        }
    }

    @Test("three nodes find each other, and serve when one of them is gone", arguments: [1, 2])
    func cluster(loopCount: Int) throws {
        let folder = try TemporaryFolder()
        let configurations = try TestNode.cluster(
            of: 3, folder: folder.path, loopCount: loopCount)
        var nodes = try configurations.map { try NodeRuntime.start($0) }
        for number in 0..<20 {
            #expect(try TestNode.askAny(nodes, "SET key-\(number) \(number)") == "+OK\r\n")
        }
        let gone = nodes.removeFirst()
        gone.requestStop()
        #expect(gone.run() == .requested)
        for number in 0..<20 {
            let text = "\(number)"
            #expect(
                try TestNode.askAny(nodes, "GET key-\(number)")
                    == "$\(text.utf8.count)\r\n\(text)\r\n")
        }
        for node in nodes { node.requestStop() }
        for node in nodes {
            let reason = node.run()
            #expect(reason == .requested || reason == .stopTimedOut)
        }
    }

    @Test("a node that doesn't know the secret gets no link and no gossip")
    func wrongSecret() throws {
        let folder = try TemporaryFolder()
        var configurations = try TestNode.cluster(of: 3, folder: folder.path, loopCount: 1)
        configurations[2].secret = Array("not the secret".utf8)
        let nodes = try configurations.map { try NodeRuntime.start($0) }
        // All three must promise, so that a cluster with the stranger in its list never begins.
        let reply = try TestNode.ask(nodes[0], "SET a 1", patienceMilliseconds: 1500)
        #expect(reply != "+OK\r\n")
        for node in nodes { node.requestStop() }
        for node in nodes { #expect(node.run() == .requested) }
    }
}
