import Consensus
import Foundation
import Primitives
import Testing

/// Scripts in `Scripts/`: commands, `----`, and what they must answer, up to an empty line.
///
/// With `MARTLET_REWRITE=1` the answers are written anew; the difference is to be reviewed.
@Suite("Scripts")
struct ScriptTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Scripts")

    private static let names = [
        "elections", "log-conflicts", "prevote-checkquorum", "membership", "snapshot", "transfer",
        "reads", "asynchronous-disk", "amnesia", "flow-control", "restart",
    ]

    @Test("answer as written", arguments: names)
    func answers(name: String) throws {
        let file = Self.folder.appending(path: "\(name).txt")
        let expected = try String(contentsOf: file, encoding: .utf8)
        let actual = Self.run(expected)
        if ProcessInfo.processInfo.environment["MARTLET_REWRITE"] == "1" {
            try actual.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(actual == expected, "\(name)")
        }
    }

    @Test("are all run")
    func allAreRun() throws {
        let found = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
        #expect(found.sorted() == Self.names.map { "\($0).txt" }.sorted())
    }

    /// The script with its answers replaced by what the commands answer now.
    private static func run(_ script: String) -> String {
        var runner = ScriptRunner()
        var blocks: [String] = []
        for block in script.split(separator: "\n\n") {
            let lines = block.split(separator: "\n", omittingEmptySubsequences: false)
            let commands = lines.prefix { $0 != "----" }.filter { !$0.isEmpty }
            guard lines.contains("----") else {
                blocks.append(commands.joined(separator: "\n"))
                continue
            }
            var answer: [String] = []
            for command in commands where !command.hasPrefix("#") {
                answer += runner.run(String(command))
            }
            blocks.append((commands.map(String.init) + ["----"] + answer).joined(separator: "\n"))
        }
        return blocks.joined(separator: "\n\n") + "\n"
    }
}
