import Journal
import Node
import Primitives

/// Input: entries. Each is a choice and a piece: the payload itself, or commands to make one of.
enum EntryFuzz {
    static func run(_ input: inout FuzzInput) throws(Finding) {
        var payloads: [[UInt8]] = []
        var isOwnWork = true
        while !input.isAtEnd, payloads.count < 20 {
            let choice = input.byte()
            let piece = input.piece()
            payloads.append(choice & 1 == 0 ? payload(of: piece, seed: choice) : piece)
            isOwnWork = isOwnWork && choice & 1 == 0
        }
        let first = LoopHarness.formed(
            records: { recovered in entries(payloads, behind: recovered) },
            adjust: { $0.snapshotLogByteCount = 0 })
        guard let first else { throw Finding("the node does not start") }
        first.elect(LoopHarness.shard)
        guard first.stopReason == nil, let applied = first.inspect(LoopHarness.shard) else {
            return
        }
        // An entry that no leader makes may name a slot that its key doesn't have: such a state is the same
        // on every replica, but not one that a snapshot can hold.
        guard isOwnWork else { return }
        let hash = first.stateHash(of: LoopHarness.shard)
        // The snapshot that it took, and what came behind, make the same state.
        guard let second = try? LoopHarness(on: first.folder, now: first.now) else {
            throw Finding("the node does not start anew")
        }
        second.elect(LoopHarness.shard)
        let again = second.inspect(LoopHarness.shard)
        try expect(
            again.map { $0.appliedIndex > applied.appliedIndex } ?? false,
            "entry \(applied.appliedIndex) was applied, and up to \(again as Any) at the next start"
        )
        try expectEqual(second.stateHash(of: LoopHarness.shard), hash, "the state hash")
    }

    private static func entries(
        _ payloads: [[UInt8]], behind recovered: [RecoveredGroup]
    ) -> [JournalRecord] {
        guard let group = recovered.first(where: { $0.group == LoopHarness.shard }) else {
            preconditionFailure("shard 1 is not in the journal")
        }
        let last = group.entries.last
        return payloads.enumerated().map { number, payload in
            .entry(
                group.group,
                LogEntry(
                    term: last?.term ?? Term(1), index: (last?.index ?? .zero) + (number + 1),
                    kind: .command, stamp: 1_700_000_000_100 + Int64(number), payload: payload))
        }
    }

    /// An entry of the commands in `commands`, each a piece: flags, a choice between the key's slot and
    /// one that the shard doesn't serve, and words.
    private static func payload(of commands: [UInt8], seed: UInt8) -> [UInt8] {
        var input = FuzzInput(commands)
        var count: UInt32 = 0
        var body: [UInt8] = []
        while !input.isAtEnd {
            var command = FuzzInput(input.piece())
            let flags = command.byte()
            let slotChoice = command.byte()
            let slot = command.number()
            let words = FuzzSeeds.words(of: command.rest())
            let key = words.count > 1 ? words[1] : []
            let own = SlotID(key: key.span).rawValue
            let request = FuzzSeeds.request(words)
            body.append(littleEndian: UInt32(request.count))
            body.append(littleEndian: slotChoice == 0 ? own : UInt16(slot) | 0x3FFF)
            body += [flags, 0]
            body += request
            count += 1
        }
        var bytes: [UInt8] = [1]
        bytes.append(littleEndian: UInt16(1))
        bytes.append(littleEndian: UInt64(seed))
        bytes.append(littleEndian: count)
        return bytes + body
    }

    static var seeds: [[UInt8]] {
        let commands = FuzzSeeds.commands.map { command(0, $0) }
        var everything: [UInt8] = []
        for command in commands { everything.append(piece: command) }
        let single = commands.map { command in
            var bytes: [UInt8] = []
            bytes.append(piece: command)
            return entry(0, bytes)
        }
        return single + [
            entry(0, everything), entry(2, everything) + entry(4, everything),
            entry(1, payload(of: everything, seed: 3)),
            single[0] + entry(0, [4, 0, 2, 0, 0, 0]) + entry(0, [4, 0, 1, 0, 0, 0]),
        ]
    }

    private static func command(_ flags: UInt8, _ words: String) -> [UInt8] {
        [flags, 0, 0, 0] + [UInt8](words.utf8)
    }

    private static func entry(_ choice: UInt8, _ piece: [UInt8]) -> [UInt8] {
        var bytes = [choice]
        bytes.append(piece: piece)
        return bytes
    }
}
