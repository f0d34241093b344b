import Commands
import Foundation
import Testing

/// `MARTLET_REWRITE=1 swift test --filter CommandPagesTests` writes what the command table says instead of
/// comparing.
@Suite("Pages made from the command table") struct CommandPagesTests {
    private static let here = URL(filePath: #filePath).deletingLastPathComponent()
    private static let docs = here.appending(path: "../../docs").standardized
    private static let hint: Comment =
        "stale; MARTLET_REWRITE=1 swift test --filter CommandPagesTests writes it again"

    private var rewrites: Bool { ProcessInfo.processInfo.environment["MARTLET_REWRITE"] == "1" }

    @Test("docs/commands has the page of each group, and no others") func pages() throws {
        let folder = Self.docs.appending(path: "commands")
        let files = CommandPages.files
        if rewrites {
            try? FileManager.default.removeItem(at: folder)
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
            for file in files {
                try Data(file.text.utf8).write(to: folder.appending(path: file.name))
            }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.sorted() == files.map(\.name).sorted(), Self.hint)
        for file in files {
            let url = folder.appending(path: file.name)
            let isSame = try String(contentsOf: url, encoding: .utf8) == file.text
            #expect(isSame, "\(file.name) is \(Self.hint)")
        }
    }

    @Test(
        "docs/compatibility.md holds what the table says", .serialized,
        arguments: ["commands", "newer", "missing"])
    func compatibility(section: String) throws {
        let url = Self.docs.appending(path: "compatibility.md")
        let page = try String(contentsOf: url, encoding: .utf8)
        let start = "<!-- \(section): made from the table in Sources/Commands -->\n"
        let from = try #require(page.range(of: start)).upperBound
        let to = try #require(page.range(of: "<!-- end of \(section) -->\n")).lowerBound
        let text = try "\n" + Self.text(of: section) + "\n"
        if rewrites {
            try Data((page[..<from] + text + page[to...]).utf8).write(to: url)
        } else {
            #expect(page[from..<to] == text, Self.hint)
        }
    }

    private static func text(of section: String) throws -> String {
        switch section {
        case "commands": return CommandPages.compatibilityTable
        case "newer": return CommandPages.newer
        default:
            let list = here.appending(path: "Reference/redis-7.0.15-commands.txt")
            let names = try String(contentsOf: list, encoding: .utf8)
                .split(separator: "\n").map(String.init)
            return CommandPages.missing(of: names)
        }
    }

    @Test("what differs is said in whole sentences, and by no command that only has others")
    func sentences() {
        for index in 0..<CommandTable.standard.count {
            let command = CommandTable.standard[index]
            #expect(command.subcommands.isEmpty || command.documentation.differs == nil)
            for row in [command] + command.subcommands {
                guard let differs = row.documentation.differs else { continue }
                #expect(differs.hasSuffix("."), "\(row.fullName)")
                #expect(!differs.contains("\n"), "\(row.fullName)")
            }
        }
    }

    @Test(
        "syntax is that of redis.io",
        arguments: [
            ("get", "GET key"), ("del", "DEL key [key ...]"),
            ("mset", "MSET key value [key value ...]"),
            (
                "getex",
                "GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds"
                    + " | PXAT unix-time-milliseconds | PERSIST]"
            ),
            ("copy", "COPY source destination [DB destination-db] [REPLACE]"),
            ("client reply", "CLIENT REPLY <ON | OFF | SKIP>"),
            (
                "client list",
                "CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>]"
                    + " [ID client-id [client-id ...]]"
            ),
            ("config set", "CONFIG SET parameter value [parameter value ...]"),
            ("client", "CLIENT subcommand [argument ...]"),
        ])
    func syntax(name: String, syntax: String) throws {
        let words = name.split(separator: " ").map(String.init)
        let command = try CommandTable.standard.row(words[0])
        let row = words.count == 1 ? command : command.subcommands.first { $0.name == words[1] }
        #expect(row?.syntax == syntax)
    }
}
