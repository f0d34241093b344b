import Consensus
import Node
import Primitives
import Testing
import Topology

@Suite("Moves of replicas") struct MoveTests {
    private static let absent = NodeID(9)

    @Test("a new replica has no vote before its node has acknowledged something")
    func silentLearner() throws {
        let rig = try ClusterRig()
        let before = try #require(rig.inspect(0)?.configuration)
        let leaving = try #require(before.voters.first { $0.node == ClusterRig.nodeID(2) })
        let address = Address(host: "absent", port: 7000)
        rig.propose(
            .registerNode(
                Self.absent,
                AdvertisedAddresses(
                    peer: address, cluster: address, plain: address, admin: address)))
        rig.propose(.moveReplica(GroupID(1), leaving: leaving.replica, to: Self.absent))
        for _ in 0..<100 {
            rig.advance(milliseconds: 100)
            let configuration = try #require(rig.inspect(0)?.configuration)
            #expect(configuration.voters == before.voters && !configuration.isJoint)
        }
        let learners = try #require(rig.inspect(0)?.configuration.learners)
        #expect(learners.map(\.node) == [Self.absent])
        // With the vote of a node that isn't there, two of four would be left.
        rig.crash(1)
        let client = rig.connect(0)
        #expect(rig.run([["SET", "{b}", "x"]], on: client) == "+OK\r\n")
    }
}
