import Journal
import Keyspace
import Node
import Primitives
import Topology

/// Input: choices, then a shard's slots and keys, or a directory.
enum SnapshotFuzz {
    static func run(_ input: inout FuzzInput) throws(Finding) {
        let choices = input.byte()
        if choices & 1 == 0 {
            let slots = input.piece()
            let keys = input.rest()
            try checkKeys(keys)
            try start(from: file([slots, keys], isSealed: choices & 2 == 0), of: LoopHarness.shard)
        } else {
            let body = input.rest()
            if let state = try? DirectoryState(decoding: body) {
                let again = try? DirectoryState(decoding: state.encode())
                try expect(again == state, "a directory is another one when written and read")
            }
            try start(from: file([body], isSealed: choices & 2 == 0), of: .directory)
        }
    }

    /// What is read is written and read again as the same state.
    private static func checkKeys(_ bytes: [UInt8]) throws(Finding) {
        guard var keyspace = read(bytes, hashSecret: 1) else { return }
        guard let other = read(write(&keyspace), hashSecret: 2) else {
            throw Finding("a snapshot can't be read again")
        }
        try expectEqual(other.stateHash(), keyspace.stateHash(), "the state hash")
    }

    private static func read(_ bytes: [UInt8], hashSecret: UInt64) -> Keyspace? {
        var decoder = SnapshotDecoder(hashSecret: hashSecret)
        guard (try? decoder.decode(bytes, in: 0..<bytes.count)) != nil, decoder.isComplete else {
            return nil
        }
        var keyspace = Keyspace(hashSecret: 0)
        decoder.finish(into: &keyspace)
        return keyspace
    }

    private static func write(_ keyspace: inout Keyspace) -> [UInt8] {
        keyspace.beginSnapshot()
        while !keyspace.continueSnapshot(byteBudget: 256) {}
        return keyspace.takeSnapshotOutput()
    }

    /// A node starts from the snapshot or refuses to; then it serves.
    private static func start(from file: [UInt8], of group: GroupID) throws(Finding) {
        let harness = LoopHarness.formed(
            adding: [(.snapshot(group, index), file)],
            records: { recovered in
                recovered.filter { $0.group == group }.map {
                    .snapshot(
                        group,
                        SnapshotMetadata(
                            index: index, term: Term(1), configuration: $0.initialConfiguration,
                            stamp: 1_700_000_000_000))
                }
            })
        guard let harness else { return }
        harness.elect(group)
        guard harness.stopReason == nil else { return }
        let connection = harness.connect()
        for command in [
            "HELLO 3", "DBSIZE", "SCAN 0 COUNT 1000", "KEYS *", "GET a", "HGETALL h",
            "CLUSTER SLOTS", "CLUSTER SHARDS", "CLUSTER NODES", "SET a b", "FLUSHALL", "DBSIZE",
        ] {
            harness.receive(FuzzSeeds.request(command).span, on: connection)
        }
        for command in LoopHarness.formation.dropFirst() {
            harness.post(.proposeDirectory(command))
        }
        harness.advance(milliseconds: 50)
    }

    private static let index = LogIndex(1000)

    /// A snapshot's file (``SnapshotFile``) of these blocks.
    private static func file(_ blocks: [[UInt8]], isSealed: Bool) -> [UInt8] {
        var bytes: [UInt8] = [2]
        bytes.append(littleEndian: index.rawValue)
        bytes.append(littleEndian: UInt16(1))
        var checksum = crc32c(bytes.span)
        bytes.append(littleEndian: checksum)
        for block in blocks.filter({ !$0.isEmpty }) + [[]] {
            var byteCount: [UInt8] = []
            byteCount.append(littleEndian: UInt32(block.count))
            checksum = crc32c(block.span, continuing: crc32c(byteCount.span, continuing: checksum))
            if !isSealed { checksum ^= 1 }
            bytes += byteCount
            bytes.append(littleEndian: checksum)
            bytes += block
        }
        return bytes
    }

    static var seeds: [[UInt8]] {
        var slots: [UInt8] = []
        slots.append(littleEndian: UInt32(1))
        slots.append(littleEndian: UInt16(0))
        slots.append(littleEndian: UInt16(16382))
        slots.append(littleEndian: UInt64(4))
        let keyspaces = [0, 1, 3, 6].map { keys(count: $0) }
        var state = DirectoryState()
        let directories = LoopHarness.formation.map { command in
            _ = state.apply(command)
            return [1] + state.encode()
        }
        return keyspaces.map { bytes in
            var input: [UInt8] = [0]
            input.append(piece: slots)
            return input + bytes
        } + directories
    }

    /// A snapshot of a keyspace with so many keys.
    private static func keys(count: Int) -> [UInt8] {
        var keyspace = Keyspace(hashSecret: 1)
        for number in 0..<count {
            let key = [UInt8("key\(number)".utf8.count)] + [UInt8]("key\(number)".utf8)
            var place = keyspace.locate(key.span, now: 0)
            if number % 2 == 0 {
                let value = [UInt8](repeating: 0x31, count: number * 7)
                keyspace.setString(
                    value.span, of: key.span, at: &place, deadline: Keyspace.noDeadline)
            } else {
                for field in 0..<number {
                    let name = [UInt8(field)]
                    _ = keyspace.setField(name.span, to: key.span, of: key.span, at: &place)
                }
            }
            if number % 3 == 0 { keyspace.setDeadline(1_700_000_100_000, at: &place) }
        }
        return write(&keyspace)
    }
}
