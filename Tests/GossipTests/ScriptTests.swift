import Foundation
import Testing

@Suite("Gossip scripts") struct ScriptTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Scripts")

    @Test(
        "does what the script says",
        arguments: [
            "join", "probe", "suspicion", "leave", "rejoin", "restart", "duplicate", "foreign",
            "hints", "stall", "health",
        ])
    func replay(name: String) throws {
        let file = Self.folder.appending(path: name + ".txt")
        let text = try String(contentsOf: file, encoding: .utf8)
        let replayed = Script(text).replayed()
        if ProcessInfo.processInfo.environment["MARTLET_REWRITE"] == "1" {
            try replayed.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(replayed == text)
        }
    }

    @Test("names every script") func complete() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
        #expect(files.count == 11)
    }
}
