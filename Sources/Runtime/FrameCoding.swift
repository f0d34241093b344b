package import Node
import Primitives

/// Frames on a peer link, once its handshake is over.
///
/// ```
/// | byte count of type and body, u32 | CRC-32C of type and body, u32 | type, u8 | body |
/// ```
package enum FrameCoding {
    static let headerByteCount = 8
    /// The most bytes of a frame's type and body: the largest write with room to spare.
    package static let byteLimit = 128 << 20

    /// Appends `frame` in the form in which it travels.
    package static func append(_ frame: PeerFrame, to bytes: inout [UInt8]) {
        precondition(frame.body.count < byteLimit, "a frame of \(frame.body.count) bytes")
        var crc = crc32c([frame.type.rawValue].span)
        crc = crc32c(frame.body.span, continuing: crc)
        bytes.reserveCapacity(bytes.count + headerByteCount + 1 + frame.body.count)
        bytes.append(littleEndian: UInt32(frame.body.count + 1))
        bytes.append(littleEndian: crc)
        bytes.append(frame.type.rawValue)
        bytes += frame.body
    }
}

/// What came over a link is no frame: the connection can't be used any more.
package enum FrameFailure: Error, Equatable, Sendable {
    case badLength(Int)
    case badChecksum
}

/// Cuts the bytes of a link into frames.
package struct FrameDecoder: Sendable {
    /// The beginning of a frame that isn't whole yet.
    private var partial: [UInt8] = []
    /// Frames of a type that this version doesn't know, which were passed over.
    package private(set) var unknownCount = 0

    package init() {}

    /// Appends the frames that `bytes` complete.
    ///
    /// - Parameters:
    ///   - bytes: The next part of what the peer sent.
    ///   - frames: Appended to.
    /// - Throws: ``FrameFailure``; the frames before it have been appended.
    package mutating func receive(_ bytes: Span<UInt8>, into frames: inout [PeerFrame])
        throws(FrameFailure)
    {
        guard !partial.isEmpty else {
            let used = try decode(bytes, into: &frames)
            partial.append(copying: bytes.extracting(used...))
            return
        }
        // Only as much as the frame at hand needs is copied; what follows is read where it is.
        var rest = bytes
        if partial.count < FrameCoding.headerByteCount {
            take(FrameCoding.headerByteCount - partial.count, of: &rest)
            guard partial.count == FrameCoding.headerByteCount else { return }
        }
        let byteCount = FrameCoding.headerByteCount + (try Self.byteCount(of: partial.span))
        partial.reserveCapacity(min(byteCount, 1 << 20))
        take(byteCount - partial.count, of: &rest)
        guard partial.count == byteCount else { return }
        let whole = partial
        partial = []
        _ = try decode(whole.span, into: &frames)
        let used = try decode(rest, into: &frames)
        partial.append(copying: rest.extracting(used...))
    }

    private mutating func take(_ byteCount: Int, of rest: inout Span<UInt8>) {
        let taken = min(byteCount, rest.count)
        partial.append(copying: rest.extracting(..<taken))
        rest = rest.extracting(taken...)
    }

    /// The whole frames at the start of `bytes`, and how many bytes they are.
    private mutating func decode(_ bytes: Span<UInt8>, into frames: inout [PeerFrame])
        throws(FrameFailure) -> Int
    {
        var offset = 0
        while bytes.count - offset >= FrameCoding.headerByteCount {
            let header = bytes.extracting(offset..<offset + FrameCoding.headerByteCount)
            let start = offset + FrameCoding.headerByteCount
            let end = start + (try Self.byteCount(of: header))
            guard end <= bytes.count else { break }
            let content = bytes.extracting(start..<end)
            guard crc32c(content) == Self.number(at: 4, of: header) else { throw .badChecksum }
            if let type = FrameType(rawValue: content[0]) {
                frames.append(
                    PeerFrame(type: type, body: [UInt8](copying: content.extracting(1...))))
            } else {
                unknownCount += 1
            }
            offset = end
        }
        return offset
    }

    private static func byteCount(of header: Span<UInt8>) throws(FrameFailure) -> Int {
        let byteCount = Int(number(at: 0, of: header))
        guard byteCount >= 1, byteCount <= FrameCoding.byteLimit else {
            throw .badLength(byteCount)
        }
        return byteCount
    }

    private static func number(at offset: Int, of bytes: Span<UInt8>) -> UInt32 {
        var number: UInt32 = 0
        for place in (offset..<offset + 4).reversed() {
            number = number << 8 | UInt32(bytes[place])
        }
        return number
    }
}
