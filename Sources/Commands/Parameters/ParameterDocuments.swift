/// The part of `docs/configuration.md` that is made of the table.
package enum ParameterDocuments {
    package static var tables: String {
        section(
            "Parameters that take effect on every node", { $0 == .works })
            + section(
                "Parameters that are kept and shown, and mean nothing here", { $0 == .kept })
            + section(
                "Parameters that can't be set",
                {
                    if case .works = $0 { false } else { $0 != .kept }
                })
    }

    private static func section(
        _ title: String, _ takes: (Parameter.Effect) -> Bool
    ) -> String {
        var text = "\n### \(title)\n\n| parameter | default | takes | |\n|---|---|---|---|\n"
        for parameter in ParameterTable.all where takes(parameter.effect) {
            let alias = parameter.alias.map { ", `\($0)`" } ?? ""
            text +=
                "| `\(parameter.name)`\(alias) | `\"\(parameter.standard)\"` | "
                + "\(parameter.kind.expectation) | \(parameter.note) |\n"
        }
        return text
    }
}

extension ParameterKind {
    /// For the docs.
    var expectation: String {
        switch self {
        case .yesNo: "yes or no"
        case .integer(let range): "an integer, \(Self.bounds(range))"
        case .memory(let range): "bytes, \(Self.bounds(range))"
        case .memoryOrPercent: "bytes, or a percentage"
        case .choice(let words): words.joined(separator: ", ")
        case .text: "text"
        case .saveTimes: "pairs of seconds and changes"
        case .eventClasses: "letters of `Ag$lshzxeKEtmdn`"
        case .percentiles: "numbers from 0 to 100"
        case .outputLimits: "a class of clients, two sizes and seconds; once or more"
        }
    }

    private static func bounds<Number: FixedWidthInteger>(_ range: ClosedRange<Number>) -> String {
        range.upperBound == Number.max
            ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }
}
