package import Primitives

/// What a voter knows of the shard clock when it votes.
package enum ClockReport: Equatable, Sendable {
    /// It has never seen a stamp.
    case unknown
    /// It saw a stamp in this boot of its machine: that stamp plus the boot time since.
    case running(estimate: Int64)
    /// It has only stamps from before its machine booted: the highest one, and how far wall time has
    /// moved since it was written, never negative.
    case rebooted(lastStamp: Int64, wallDifference: Int64)

    var isRunning: Bool {
        if case .running = self { true } else { false }
    }
}

extension ClockReport {
    /// Numbers on the wire: append only.
    private enum Kind: UInt8 {
        case unknown = 0
        case running = 1
        case rebooted = 2
    }

    package func encode(into bytes: inout [UInt8]) {
        switch self {
        case .unknown:
            bytes.append(Kind.unknown.rawValue)
        case .running(let estimate):
            bytes.append(Kind.running.rawValue)
            bytes.append(littleEndian: estimate)
        case .rebooted(let lastStamp, let wallDifference):
            bytes.append(Kind.rebooted.rawValue)
            bytes.append(littleEndian: lastStamp)
            bytes.append(littleEndian: wallDifference)
        }
    }

    package init(reading reader: inout ByteReader) throws(DecodingFailure) {
        let offset = reader.offset
        switch Kind(rawValue: try reader.read(UInt8.self, "clock report")) {
        case .unknown: self = .unknown
        case .running: self = .running(estimate: try reader.readStamp("clock estimate"))
        case .rebooted:
            let lastStamp = try reader.readStamp("last stamp")
            let difference = try reader.readStamp("wall difference")
            self = .rebooted(lastStamp: lastStamp, wallDifference: difference)
        case nil: throw DecodingFailure(what: "clock report", offset: offset)
        }
    }
}
