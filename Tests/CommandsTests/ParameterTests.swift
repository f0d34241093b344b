import Commands
import Foundation
import Testing

@Suite("Parameters") struct ParameterTests {
    @Test("every name is there once, and its own value is one that it takes and shows")
    func table() throws {
        let names = ParameterTable.all.flatMap { [$0.name] + [$0.alias].compactMap { $0 } }
        #expect(Set(names).count == names.count)
        for parameter in ParameterTable.all {
            let value = try parameter.kind.value(
                of: parameter.standard, present: parameter.standard, name: parameter.name)
            #expect(value == parameter.standard, "\(parameter.name)")
            #expect(ParameterTable.find(parameter.name.uppercased())?.name == parameter.name)
            if let alias = parameter.alias {
                #expect(ParameterTable.find(alias)?.name == parameter.name)
            }
            if parameter.effect == .works { #expect(!parameter.note.isEmpty, "\(parameter.name)") }
        }
    }

    @Test("patterns find names in any case, older ones too") func patterns() {
        #expect(
            ParameterTable.names(matching: "HASH-max-*")
                == [
                    "hash-max-listpack-entries", "hash-max-listpack-value",
                    "hash-max-ziplist-entries", "hash-max-ziplist-value",
                ])
        #expect(ParameterTable.names(matching: "nosuch*").isEmpty)
    }

    @Test("docs/configuration.md holds the table; MARTLET_REWRITE=1 writes it")
    func page() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/configuration.md").standardized
        let start = "<!-- parameters: made from the table in Sources/Commands/Parameters -->\n"
        let end = "<!-- end of parameters -->\n"
        let page = try String(contentsOf: url, encoding: .utf8)
        let from = try #require(page.range(of: start)).upperBound
        let to = try #require(page.range(of: end)).lowerBound
        let tables = ParameterDocuments.tables + "\n"
        if ProcessInfo.processInfo.environment["MARTLET_REWRITE"] == "1" {
            try Data((page[..<from] + tables + page[to...]).utf8).write(to: url)
        } else {
            #expect(String(page[from..<to]) == tables)
        }
    }
}
