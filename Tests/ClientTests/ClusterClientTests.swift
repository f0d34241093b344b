import Client
import EventLoop
import Primitives
import Testing

@Suite("The cluster client")
struct ClusterClientTests {
    /// Runs `body` with a client of two nodes, the first of which says that it leads everything.
    private func withTwoNodes(
        _ body: (Loop, ClusterClient, FakeNode, FakeNode) -> Void
    ) throws {
        var kept: [AnyObject] = []
        try runLoop { loop in
            let (one, two) = (try FakeNode(loop: loop), try FakeNode(loop: loop))
            let topology = FakeNode.slots([(last: 16383, node: one.address)])
            for node in [one, two] {
                node.answer = { $0[0] == "CLUSTER" ? topology : "+OK\r\n" }
            }
            var settings = ClusterClient.Settings()
            settings.attemptMilliseconds = 200
            settings.requestMilliseconds = 2000
            let client = ClusterClient(
                loop: loop, seeds: [one.address, two.address], settings: settings)
            kept = [one, two, client]
            body(loop, client, one, two)
        }
        #expect(kept.count == 3)
    }

    private let set = words("SET k v")
    private let slot = SlotID(12539)

    @Test("asks for the cluster, then the leader")
    func leader() throws {
        var result: Result<Reply, ClientError>?
        var asked: [[String]] = []
        try withTwoNodes { loop, client, _, two in
            client.refresh { _ in
                client.send(set, slot: slot, isRepeatable: false) {
                    result = $0
                    asked = two.requests
                    loop.stop()
                }
            }
        }
        #expect(result == .success(.simple("OK")))
        #expect(asked.isEmpty)
    }

    @Test("follows MOVED, and remembers it")
    func moved() throws {
        var results: [Result<Reply, ClientError>] = []
        var asked = 0
        try withTwoNodes { loop, client, one, two in
            let answer = one.answer
            let address = two.address
            one.answer = {
                $0[0] == "SET" ? "-MOVED 12539 \(address)\r\n" : answer($0)
            }
            client.refresh { _ in
                client.send(set, slot: slot, isRepeatable: false) { first in
                    results.append(first)
                    client.send(set, slot: slot, isRepeatable: false) {
                        results.append($0)
                        asked = one.requests.count { $0[0] == "SET" }
                        loop.stop()
                    }
                }
            }
        }
        #expect(results == [.success(.simple("OK")), .success(.simple("OK"))])
        #expect(asked == 1)
    }

    @Test("says ASKING where it is told to, and doesn't remember it")
    func ask() throws {
        var asked: [[String]] = []
        var leader: Address?
        var first: Address?
        try withTwoNodes { loop, client, one, two in
            let answer = one.answer
            let address = two.address
            first = one.address
            one.answer = { $0[0] == "SET" ? "-ASK 12539 \(address)\r\n" : answer($0) }
            client.refresh { _ in
                client.send(set, slot: slot, isRepeatable: false) { _ in
                    asked = two.requests
                    leader = client.leaders?[slot]
                    loop.stop()
                }
            }
        }
        #expect(asked == [["ASKING"], ["SET", "k", "v"]])
        #expect(leader == first)
    }

    @Test("asks again what was refused for now", arguments: ["TRYAGAIN", "CLUSTERDOWN", "LOADING"])
    func refused(word: String) throws {
        var result: Result<Reply, ClientError>?
        try withTwoNodes { loop, client, one, two in
            var refusals = 3
            for node in [one, two] {
                let answer = node.answer
                node.answer = { words in
                    guard words[0] == "SET", refusals > 0 else { return answer(words) }
                    refusals -= 1
                    return "-\(word) not now\r\n"
                }
            }
            client.refresh { _ in
                client.send(set, slot: slot, isRepeatable: false) {
                    result = $0
                    loop.stop()
                }
            }
        }
        #expect(result == .success(.simple("OK")))
    }

    @Test("hands on other errors", arguments: ["ERR no", "UNCERTAIN who knows", "WRONGTYPE x"])
    func errors(error: String) throws {
        var result: Result<Reply, ClientError>?
        try withTwoNodes { loop, client, one, _ in
            let answer = one.answer
            one.answer = { $0[0] == "SET" ? "-\(error)\r\n" : answer($0) }
            client.refresh { _ in
                client.send(set, slot: slot, isRepeatable: true) {
                    result = $0
                    loop.stop()
                }
            }
        }
        #expect(result == .success(.error(error)))
    }

    @Test("never repeats by itself what may have been done", arguments: [false, true])
    func lost(isRepeatable: Bool) throws {
        var result: Result<Reply, ClientError>?
        var address: Address?
        try withTwoNodes { loop, client, one, _ in
            let answer = one.answer
            address = one.address
            one.answer = { $0[0] == "SET" ? nil : answer($0) }
            client.refresh { _ in
                client.send(set, slot: slot, isRepeatable: isRepeatable) {
                    result = $0
                    loop.stop()
                }
            }
        }
        if isRepeatable {
            #expect(result == .success(.simple("OK")))
        } else {
            let lost = try #require(address)
            #expect(result == .failure(.lost(lost, reason: "closed by the node")))
        }
    }

    @Test("gives a silent node up, and asks another")
    func silent() throws {
        var result: Result<Reply, ClientError>?
        try withTwoNodes { loop, client, one, _ in
            let answer = one.answer
            one.answer = { $0[0] == "SET" ? "" : answer($0) }
            client.refresh { _ in
                client.send(set, slot: slot, isRepeatable: true) {
                    result = $0
                    loop.stop()
                }
            }
        }
        #expect(result == .success(.simple("OK")))
    }

    @Test("goes to another node when the leader is dead")
    func dead() throws {
        var result: Result<Reply, ClientError>?
        try withTwoNodes { loop, client, one, _ in
            client.refresh { _ in
                one.die()
                client.send(set, slot: slot, isRepeatable: true) {
                    result = $0
                    loop.stop()
                }
            }
        }
        #expect(result == .success(.simple("OK")))
    }

    @Test("ends with the last refusal when the time is over")
    func deadline() throws {
        var result: Result<Reply, ClientError>?
        try withTwoNodes { loop, client, one, two in
            for node in [one, two] {
                let answer = node.answer
                node.answer = { $0[0] == "SET" ? "-CLUSTERDOWN no\r\n" : answer($0) }
            }
            client.refresh { _ in
                client.send(set, slot: slot, isRepeatable: false) {
                    result = $0
                    loop.stop()
                }
            }
        }
        #expect(result == .failure(.refused("CLUSTERDOWN no")))
    }
}
