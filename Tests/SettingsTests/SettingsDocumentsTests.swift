import Foundation
import Settings
import Testing

@Suite("Documents made from the settings table")
struct SettingsDocumentsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// `MARTLET_REWRITE=1` writes what the table says instead of comparing.
    private var rewrites: Bool { ProcessInfo.processInfo.environment["MARTLET_REWRITE"] == "1" }

    @Test("cluster.example.toml is in step with the table")
    func exampleFile() throws {
        let url = Self.root.appending(path: "cluster.example.toml")
        if rewrites {
            try Data(SettingsDocuments.exampleFile.utf8).write(to: url)
        }
        #expect(try String(contentsOf: url, encoding: .utf8) == SettingsDocuments.exampleFile)
    }

    @Test("cluster.example.toml loads as the defaults")
    func exampleLoads() throws {
        let path = Self.root.appending(path: "cluster.example.toml").path
        #expect(try NodeSettings.load(file: path) == NodeSettings())
    }

    @Test("docs/configuration.md holds the table")
    func configurationPage() throws {
        let url = Self.root.appending(path: "docs/configuration.md")
        let start = "<!-- settings: made from the table in Sources/Settings -->\n"
        let end = "<!-- end of settings -->\n"
        let page = try String(contentsOf: url, encoding: .utf8)
        let from = try #require(page.range(of: start)).upperBound
        let to = try #require(page.range(of: end)).lowerBound
        if rewrites {
            let rewritten = page[..<from] + SettingsDocuments.tables + "\n" + page[to...]
            try Data(rewritten.utf8).write(to: url)
        } else {
            #expect(String(page[from..<to]) == SettingsDocuments.tables + "\n")
        }
    }

    @Test("every setting can be given as a flag, with the value that its example shows")
    func flagsCoverAll() throws {
        for setting in Setting.all where !setting.isSecret {
            let literal = try #require(setting.literal(in: NodeSettings()) ?? setting.example)
            let text = literal.filter { !"\"[]".contains($0) }
            _ = try NodeSettings.load(file: nil, flags: ["--\(setting.key)", text])
        }
    }

    @Test("no key stands twice, and those without a section stand first")
    func keys() {
        let keys = Setting.all.map(\.key)
        #expect(Set(keys).count == keys.count)
        let sections = Setting.all.map(\.section)
        let firsts = sections.enumerated().filter { index, section in
            index == 0 || sections[index - 1] != section
        }
        #expect(Set(firsts.map(\.element)).count == firsts.count)
        #expect(sections.first == "")
    }
}
