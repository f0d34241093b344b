import EventLoop
import Primitives
import Testing

@Suite("The file of crashes") struct CrashRecorderTests {
    private static func record(
        version: UInt32, index: UInt8, magic: UInt32 = 0x4D43_5231
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: magic)
        bytes.append(littleEndian: version)
        bytes.append(littleEndian: UInt64(3))
        bytes.append(littleEndian: UInt64(40))
        bytes.append(littleEndian: UInt64(index))
        return bytes
    }

    private static func opened(_ bytes: [UInt8], version: UInt32) throws -> [UInt64] {
        let folder = try TemporaryFolder()
        let path = folder.path + "/crashes"
        try FileSystem.replace(path, with: bytes)
        let recorder = try CrashRecorder(path, version: version)
        #expect(recorder.records.allSatisfy { $0.group == 3 && $0.replica == 40 })
        // What was cut short is gone: the next record follows on whole ones.
        #expect(try FileSystem.read(path).count % 32 == 0)
        return recorder.records.map(\.index)
    }

    @Test("gives the records of the same version, and passes over what is none") func records()
        throws
    {
        let whole =
            Self.record(version: 7, index: 1) + Self.record(version: 8, index: 2)
            + Self.record(version: 7, index: 3, magic: 5) + Self.record(version: 7, index: 4)
        #expect(try Self.opened(whole, version: 7) == [1, 4])
        #expect(try Self.opened(whole, version: 9) == [])
        #expect(
            try Self.opened(whole + Self.record(version: 7, index: 5)[..<31], version: 7) == [1, 4])
        #expect(try Self.opened([], version: 7) == [])
    }

    @Test("is made where there is none") func missing() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/crashes"
        #expect(try CrashRecorder(path, version: 1).records.isEmpty)
        #expect(FileSystem.exists(path))
    }
}
