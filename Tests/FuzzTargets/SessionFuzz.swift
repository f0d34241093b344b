import Node
import Primitives

/// Input: choices, cuts, then a client's bytes.
enum SessionFuzz {
    static func run(_ input: inout FuzzInput) throws(Finding) {
        let choices = input.byte()
        var cuts = Cuts(seed: input.byte())
        let stream = input.rest()
        let whole = run([stream], choices)
        let split = run(cuts.ranges(of: stream.count).map { Array(stream[$0]) }, choices)
        try expectEqual(whole.hasClosed, split.hasClosed, "the end, whole and in pieces")
        guard !dependsOnTurns(stream) else { return }
        try expectEqual(
            String(decoding: whole.output, as: UTF8.self),
            String(decoding: split.output, as: UTF8.self), "the replies, whole and in pieces")
        try expectEqual(whole.stateHash, split.stateHash, "the state, whole and in pieces")
    }

    private static func run(
        _ pieces: [[UInt8]], _ choices: UInt8
    ) -> (output: [UInt8], hasClosed: Bool, stateHash: UInt64?) {
        let harness = LoopHarness.formed(adjust: { settings in
            if choices & 1 == 1 { settings.password = [UInt8]("p".utf8) }
            settings.requestLimits.bulkByteCount = 1 << 20
            settings.maxWriteByteCount = 1 << 16
        })
        guard let harness else { preconditionFailure("the formed cluster's node does not start") }
        harness.elect(LoopHarness.shard)
        let connection = harness.connect(choices & 2 == 0 ? .cluster : .plain)
        for piece in pieces { harness.receive(piece.span, on: connection) }
        return (
            harness.output, harness.hasClosedClient,
            harness.stateHash(of: LoopHarness.shard)
        )
    }

    /// Whether a command may be in `stream` whose reply or effect depends on how many turns and entries
    /// there were: one that counts them, or draws by an entry's seed.
    private static func dependsOnTurns(_ stream: [UInt8]) -> Bool {
        let text = String(decoding: stream, as: UTF8.self).lowercased()
        return ["info", "list", "rand", "nodes"].contains { text.contains($0) }
    }

    static var seeds: [[UInt8]] {
        let commands = FuzzSeeds.commands + FuzzSeeds.reads
        var everything: [UInt8] = []
        for command in commands.dropLast() { everything += FuzzSeeds.request(command) }
        let authenticated =
            FuzzSeeds.request("GET a") + FuzzSeeds.request("AUTH p")
            + FuzzSeeds.request("HELLO 3 AUTH default p SETNAME x") + FuzzSeeds.request("GET a")
        return commands.enumerated().map { number, command in
            [UInt8(number & 2), UInt8(number)] + FuzzSeeds.request(command)
        } + [
            [0, 3] + everything, [1, 2] + authenticated,
            [0, 1] + [UInt8]("set a 'b'\r\nGET a\n".utf8),
        ]
    }
}
