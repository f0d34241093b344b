import Node
import Primitives
import Testing

@testable import Runtime

@Suite struct FrameCodingTests {
    private static let frames = [
        PeerFrame(type: .consensus, body: [1, 2, 3]), PeerFrame(type: .home, body: []),
        PeerFrame(type: .snapshotChunk, body: [UInt8](repeating: 7, count: 5000)),
        PeerFrame(type: .consensus, body: [9]),
    ]

    private static var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for frame in frames { FrameCoding.append(frame, to: &bytes) }
        return bytes
    }

    @Test(
        "frames come out as they went in, however the bytes are cut",
        arguments: [1, 3, 8, 9, 100, 100_000])
    func roundTrip(chunk: Int) throws {
        var decoder = FrameDecoder()
        var received: [PeerFrame] = []
        let bytes = Self.encoded
        var offset = 0
        while offset < bytes.count {
            let end = min(offset + chunk, bytes.count)
            try decoder.receive(bytes.span.extracting(offset..<end), into: &received)
            offset = end
        }
        #expect(received == Self.frames)
    }

    @Test("frames cut at random come out as they went in", arguments: 0..<20)
    func randomCuts(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var decoder = FrameDecoder()
        var received: [PeerFrame] = []
        let bytes = Self.encoded
        var offset = 0
        while offset < bytes.count {
            let end = min(offset + generator.below(40), bytes.count)
            try decoder.receive(bytes.span.extracting(offset..<end), into: &received)
            offset = end
        }
        #expect(received == Self.frames)
    }

    @Test("a byte changed anywhere in a frame is noticed")
    func damage() {
        var bytes: [UInt8] = []
        FrameCoding.append(PeerFrame(type: .consensus, body: [1, 2, 3]), to: &bytes)
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 0x40
            var decoder = FrameDecoder()
            var received: [PeerFrame] = []
            try? decoder.receive(damaged.span, into: &received)
            #expect(received.isEmpty)
        }
    }

    @Test("an impossible length is refused before anything is kept", arguments: [0, 1 << 30])
    func length(byteCount: Int) {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(byteCount))
        bytes.append(littleEndian: UInt32(0))
        var decoder = FrameDecoder()
        var received: [PeerFrame] = []
        #expect(throws: FrameFailure.badLength(byteCount)) {
            try decoder.receive(bytes.span, into: &received)
        }
    }

    @Test("a frame of a later version's type is passed over")
    func unknownType() throws {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(2))
        bytes.append(littleEndian: crc32c([200, 5].span))
        bytes += [200, 5]
        FrameCoding.append(PeerFrame(type: .home, body: [4]), to: &bytes)
        var decoder = FrameDecoder()
        var received: [PeerFrame] = []
        try decoder.receive(bytes.span, into: &received)
        #expect(received == [PeerFrame(type: .home, body: [4])])
        #expect(decoder.unknownCount == 1)
    }

    @Test("a frame's form is fixed")
    func golden() {
        var bytes: [UInt8] = []
        FrameCoding.append(PeerFrame(type: .home, body: [0x31, 0x32]), to: &bytes)
        #expect(bytes == [3, 0, 0, 0, 0xBB, 0xD0, 0x7E, 0x08, 3, 0x31, 0x32])
    }
}
