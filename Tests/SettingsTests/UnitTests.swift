import Settings
import Testing

@Suite("Units and hosts")
struct UnitTests {
    @Test(
        "bytes are shown with the largest unit that divides them",
        arguments: [
            (0, "0"), (1, "1"), (1024, "1kb"), (1536, "1536"), (64 << 20, "64mb"),
            (1 << 40, "1024gb"),
        ])
    func bytes(count: Int, text: String) {
        #expect(byteText(count) == text)
    }

    @Test(
        "hosts are told apart by who reaches them",
        arguments: [
            ("127.0.0.1", HostKind.loopback), ("127.9.9.9", .loopback), ("::1", .loopback),
            ("0.0.0.0", .wildcard), ("::", .wildcard), ("10.0.0.1", .numeric),
            ("fe80::1", .numeric),
            ("node1", .name), ("1.2.3", .name),
        ])
    func hosts(host: String, kind: HostKind) {
        #expect(HostKind(host) == kind)
    }

    @Test(
        "sizes are read with Redis's units",
        arguments: [
            ("64k", 64000), ("64kb", 65536), ("1GB", 1 << 30), ("2000", 2000), ("2000b", 2000),
        ])
    func sizes(text: String, count: Int) throws {
        let settings = try NodeSettings.load(
            file: nil, flags: ["--limits.max-bulk-length", text])
        #expect(settings.bulkByteCountLimit == count)
    }

    @Test(
        "sizes without digits, with a sign or past the largest integer are refused",
        arguments: [
            "mb", "-1kb", "99999999999gb", "1 kb", "1.5mb",
        ])
    func badSizes(text: String) {
        #expect(throws: SettingsError.self) {
            _ = try NodeSettings.load(file: nil, flags: ["--limits.max-write-size=\(text)"])
        }
    }
}
