package import Primitives

/// What keeps a replica from taking in entries, or from applying them. The numbers go over the wire: append only.
package enum Hindrance: UInt8, Sendable {
    case none = 0
    /// There is no room for entries; what it has promised is kept.
    case noRoom = 1
    /// Nothing that it writes becomes durable at present.
    case stalled = 2
    /// It doesn't apply its log any further, as that has ended its process.
    case halted = 3

    package init(reading reader: inout ByteReader) throws(DecodingFailure) {
        let offset = reader.offset
        guard let known = Self(rawValue: try reader.read(UInt8.self, "hindrance")) else {
            throw DecodingFailure(what: "hindrance", offset: offset)
        }
        self = known
    }

    /// The state of the replica's disk, as people are told it.
    package var diskState: String {
        switch self {
        case .none, .halted: "ok"
        case .noRoom: "full"
        case .stalled: "hung"
        }
    }
}
