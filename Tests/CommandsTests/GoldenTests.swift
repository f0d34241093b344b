import Foundation
import Primitives
import Testing

/// What apply level 1 does, for ever: a command's reply and effect must not change within a level,
/// or replicas of two versions would part.
@Suite("Golden corpus") struct GoldenTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    /// Lines are `now MS`, `resp 2|3`, `flush`, `expire LIMIT`, a command, `= reply` after it, and `state HASH` after that
    /// for the state that the command left.
    private static func replay(_ script: String) -> String {
        var runner = CommandRunner(hashSecret: 1)
        var output: [String] = []
        for line in script.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        {
            if line.hasPrefix("= ") || line.hasPrefix("state ") { continue }
            output.append(line)
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("now ") {
                runner.now = Int64(line.dropFirst(4)) ?? 0
            } else if line.hasPrefix("resp ") {
                runner.version = line == "resp 3" ? .three : .two
            } else if line == "flush" {
                runner.keyspace.removeAll()
            } else if line.hasPrefix("expire ") {
                runner.keyspace.expireStep(now: runner.now, limit: Int(line.dropFirst(7)) ?? 0)
                output.append("state " + hexadecimal(runner.keyspace.stateHash(), digitCount: 16))
            } else {
                let reply = runner.run(line).replacingOccurrences(of: "\r", with: "\\r")
                    .replacingOccurrences(of: "\n", with: "\\n")
                output.append("= " + reply)
                output.append("state " + hexadecimal(runner.keyspace.stateHash(), digitCount: 16))
            }
        }
        return output.joined(separator: "\n")
    }

    @Test("level 1 does what it always did") func level1() throws {
        let file = Self.folder.appending(path: "Golden/level1.txt")
        let recorded = try String(contentsOf: file, encoding: .utf8)
        let replayed = Self.replay(recorded)
        if ProcessInfo.processInfo.environment["MARTLET_REWRITE"] == "1" {
            try replayed.write(to: file, atomically: true, encoding: .utf8)
        } else {
            let pairs = zip(replayed.split(separator: "\n"), recorded.split(separator: "\n"))
            for (now, then) in pairs where now != then {
                Issue.record("\(then) has become \(now)")
                return
            }
            #expect(replayed == recorded)
        }
    }
}
