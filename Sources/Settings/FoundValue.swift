/// A value as the file or a flag has it, before it is known whether the setting takes it.
indirect enum FoundValue: Equatable, Sendable {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case list([FoundValue])
    case table([Entry])
    /// A date or a time.
    case moment(String)

    struct Entry: Equatable, Sendable {
        var key: String
        var value: FoundValue
    }

    /// What an error says was found.
    var description: String {
        switch self {
        case .text(let text): "the text \"\(text)\""
        case .integer(let value): "the integer \(value)"
        case .number(let value): "the number \(value)"
        case .flag(let value): "\(value)"
        case .list(let values): values.isEmpty ? "an empty list" : "a list of \(values.count)"
        case .table: "a section"
        case .moment(let text): "the \(text)"
        }
    }

    /// The same without its contents.
    var concealedDescription: String {
        switch self {
        case .text(let text): "a text of \(text.utf8.count) bytes"
        case .integer: "an integer"
        case .number: "a number"
        case .flag, .list, .table, .moment: description
        }
    }
}
