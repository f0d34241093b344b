import Foundation
import Testing

@Suite("Command scripts") struct CommandScriptTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../CommandScripts")

    private static let names = names(in: folder)
    private static let newerNames = names(in: folder.appending(path: "newer"))

    private static func names(in folder: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? [])
            .filter { $0.hasSuffix(".txt") }.sorted()
    }

    private static func lines(_ path: String) throws -> [String] {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            .split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }

    /// The replies are compared with redis-server's elsewhere; here peeks must agree with writes,
    /// errors must leave no trace, and every reply must be whole.
    @Test("every script runs, and its peeks and errors keep their word", arguments: names)
    func script(name: String) throws {
        var runner = CommandRunner()
        for line in try Self.lines(name) {
            if line.hasPrefix("sleep ") {
                runner.now += Int64(line.dropFirst(6)) ?? 0
            } else if line == "!resp3" {
                runner.version = .three
            } else {
                let reply = runner.run(line.hasPrefix("~ ") ? String(line.dropFirst(2)) : line)
                #expect(reply.hasSuffix("\r\n"), "\(line)")
            }
        }
    }

    @Test("what is newer than Redis 7.0 answers as its pages say", arguments: newerNames)
    func newer(name: String) throws {
        var runner = CommandRunner()
        var last: (line: String, reply: String)?
        for line in try Self.lines("newer/\(name)") {
            if line.hasPrefix("sleep ") {
                runner.now += Int64(line.dropFirst(6)) ?? 0
            } else if line.hasPrefix("!resp") {
                runner.version = line == "!resp3" ? .three : .two
            } else if line.hasPrefix("= ") {
                let expected = line.dropFirst(2).replacingOccurrences(of: "\\r\\n", with: "\r\n")
                #expect(last?.reply == expected, "\(last?.line ?? "no command")")
                last = nil
            } else {
                #expect(last == nil, "no reply is given: \(last?.line ?? "")")
                let command = line.hasPrefix("~ ") ? String(line.dropFirst(2)) : line
                last = (line, runner.run(command))
            }
        }
        #expect(last == nil)
    }
}
