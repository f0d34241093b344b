import Keyspace
import Primitives

/// A snapshot taken at one go.
func snapshot(of keyspace: inout Keyspace) -> [UInt8] {
    keyspace.beginSnapshot()
    while !keyspace.continueSnapshot(byteBudget: 1 << 20) {}
    return keyspace.takeSnapshotOutput()
}

/// The keyspace that `bytes` hold.
func restored(
    _ bytes: [UInt8], hashSecret: UInt64
) throws(DecodingFailure) -> Keyspace {
    var decoder = SnapshotDecoder(hashSecret: hashSecret)
    try decoder.decode(bytes, in: 0..<bytes.count)
    guard decoder.isComplete else {
        throw DecodingFailure(what: "end", offset: bytes.count)
    }
    var keyspace = Keyspace(hashSecret: 0)
    decoder.finish(into: &keyspace)
    return keyspace
}
