import Keyspace
import Primitives
import Topology

/// What a replica's log is applied to.
///
/// A class so that a loop can hold many in an array though a ``Keyspace`` can't be copied.
final class StateMachine {
    enum Kind: Sendable {
        case directory
        case shard
    }

    let kind: Kind
    var directory = DirectoryState()
    var keyspace: Keyspace
    /// The slots that this shard serves, with their epochs; part of the replicated state.
    var slots = ServedSlots()
    /// Whether ``keyspace`` has its hash secret and the shard's snapshot, if there was one.
    var isReady: Bool
    /// A snapshot that waits for the hash secret.
    var unreadSnapshot: [UInt8]?

    init(kind: Kind) {
        self.kind = kind
        keyspace = Keyspace(hashSecret: 0)
        isReady = kind == .directory
    }

    /// Makes the shard's keyspace, now that the cluster's secret is known.
    ///
    /// - Parameters:
    ///   - hashSecret: The directory's.
    ///   - slots: What the shard served when it was made; a snapshot knows better.
    /// - Throws: ``DecodingFailure`` when the snapshot can't be read.
    func makeReady(hashSecret: UInt64, slots: ServedSlots) throws(DecodingFailure) {
        if let snapshot = unreadSnapshot {
            unreadSnapshot = nil
            try restore(snapshot, hashSecret: hashSecret)
        } else {
            keyspace = Keyspace(hashSecret: hashSecret)
            self.slots = slots
        }
        isReady = true
    }

    var keyCount: Int { keyspace.keyCount }
    var keyspaceByteCount: Int { keyspace.byteCount }

    /// The state as a snapshot's body.
    func encodeSnapshot() -> [UInt8] {
        switch kind {
        case .directory: return directory.encode()
        case .shard:
            var bytes: [UInt8] = []
            slots.encode(into: &bytes)
            bytes.append(contentsOf: keyspace.encodeSnapshot())
            return bytes
        }
    }

    /// Replaces the state by a snapshot's.
    func restore(_ body: [UInt8], hashSecret: UInt64) throws(DecodingFailure) {
        switch kind {
        case .directory: directory = try DirectoryState(decoding: body)
        case .shard:
            var reader = ByteReader(body)
            let restored = try ServedSlots(reading: &reader)
            keyspace = try Keyspace.restore(
                from: Array(body[reader.offset...]), hashSecret: hashSecret)
            slots = restored
            isReady = true
        }
    }

    func stateHash() -> UInt64 {
        switch kind {
        case .directory: directory.stateHash()
        case .shard: keyspace.stateHash() ^ slots.stateHash()
        }
    }
}
