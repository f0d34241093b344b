import Primitives
import Testing
import Topology

@Suite("The bytes of the directory") struct DirectoryCodingTests {
    @Test("of commands never change", arguments: commands)
    func golden(command: DirectoryCommand, bytes: String) throws {
        #expect(hexadecimal(command.encode()) == bytes)
        #expect(try DirectoryCommand(decoding: command.encode()) == command)
    }

    private static let commands: [(DirectoryCommand, String)] = [
        (
            .createCluster(Samples.founding(1)),
            "01c1000000000000000400000064656d6fe7c25e00000000000301000100000000000000010000000000"
                + "000000000000"
        ),
        (
            .registerNode(NodeID(0x0102), small),
            "02020100000000000001000000610100010000006202000100000063030001000000640400"
        ),
        (
            .updateAddresses(NodeID(0x0102), small),
            "03020100000000000001000000610100010000006202000100000063030001000000640400"
        ),
        (
            .createShards([
                ShardPlan(
                    id: GroupID(5), nodes: [NodeID(1), NodeID(2)], preferredLeader: NodeID(2),
                    slots: [0...0x3FFF])
            ]),
            "04010000000500000002000100000000000000020000000000000002000000000000000100"
                + "0000ff3f"
        ),
        (
            .setPreferredLeaders([PreferredLeader(shard: GroupID(5), node: NodeID(2))]),
            "0501000000050000000200000000000000"
        ),
        (.removeNode(NodeID(3)), "060300000000000000"),
        (
            .moveReplica(GroupID(5), leaving: ReplicaID(9), to: NodeID(3)),
            "070500000009000000000000000300000000000000"
        ),
        (
            .confirmReplicas(GroupID(5), [ReplicaID(9), ReplicaID(10)]),
            "0805000000020009000000000000000a00000000000000"
        ),
        (.replaceNode(NodeID(3), by: NodeID(4)), "0903000000000000000400000000000000"),
        (.forgetNode(NodeID(3)), "0a0300000000000000"),
        (
            .replaceDirectoryReplica(NodeID(3), leaving: ReplicaID(9)),
            "0b03000000000000000900000000000000"
        ),
        (
            .setParameters(
                ParameterChange(
                    node: NodeID(3), mark: ParameterChangeMark(process: 0x0102, number: 5),
                    values: [ParameterValue("save", ""), ParameterValue("timeout", "7")])),
            "0c03000000000000000201000000000000050000000000000002000400000073617665000000000700000074"
                + "696d656f75740100000037"
        ),
    ]

    private static let small = AdvertisedAddresses(
        peer: Address(host: "a", port: 1), cluster: Address(host: "b", port: 2),
        plain: Address(host: "c", port: 3), admin: Address(host: "d", port: 4))

    @Test("refuse every prefix and every longer form of a command", arguments: commands)
    func truncation(command: DirectoryCommand, _: String) {
        let bytes = command.encode()
        for count in bytes.indices {
            #expect(throws: DecodingFailure.self) {
                try DirectoryCommand(decoding: Array(bytes[..<count]))
            }
        }
        #expect(throws: DecodingFailure.self) { try DirectoryCommand(decoding: bytes + [0]) }
    }

    @Test("give the same state back", arguments: [1, 3, 7]) func snapshot(count: Int) throws {
        var directory = Samples.formed(count)
        _ = directory.apply(.registerNode(NodeID(99), Samples.addresses(99)))
        _ = directory.apply(.removeNode(NodeID(99)))
        if count > 1 { _ = directory.apply(Samples.setting("timeout", "7", number: 1)) }
        let bytes = directory.encode()
        let copy = try DirectoryState(decoding: bytes)
        #expect(copy == directory && copy.stateHash() == directory.stateHash())
        #expect(copy.shard(of: SlotID(9000)) == directory.shard(of: SlotID(9000)))
        for count in bytes.indices {
            #expect(throws: DecodingFailure.self) {
                try DirectoryState(decoding: Array(bytes[..<count]))
            }
        }
    }

    @Test("of a state never change") func goldenState() {
        #expect(Samples.formed(3).stateHash() == 4_199_216_157_447_295_996)
        var changed = Samples.formed(3)
        _ = changed.apply(Samples.setting("timeout", "7", number: 1))
        #expect(changed.stateHash() == 13_517_930_830_947_575_953)
        #expect(DirectoryState().stateHash() != Samples.registered(1).stateHash())
    }

    @Test("that are damaged never crash the state machine", arguments: 0..<20)
    func damage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for (command, _) in Self.commands {
            var bytes = command.encode()
            bytes[generator.below(bytes.count)] = UInt8(generator.below(256))
            var directory = Samples.registered(3)
            let before = directory
            if case .refused = directory.apply(bytes) { #expect(directory == before) }
            _ = try? DirectoryState(decoding: bytes)
        }
    }
}
