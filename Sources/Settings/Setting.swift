package import Primitives

/// One row of the settings table: the only place where a setting's key, type, range and meaning
/// are written. The file's reader, the flags, `--help`, `cluster.example.toml` and
/// `docs/configuration.md` are made from it; the default is what ``NodeSettings`` starts with.
package struct Setting: Sendable {
    package typealias Path<Value> = WritableKeyPath<NodeSettings, Value> & Sendable

    /// What a setting holds and where it goes.
    package enum Kind: Sendable {
        case text(Path<String>, lengths: ClosedRange<Int>, characters: String)
        /// A text of its own, or `file:` and the path of a file that holds it.
        case secret(Path<String?>, lengths: ClosedRange<Int>)
        case path(Path<String>)
        case optionalPath(Path<String?>)
        case integer(Path<Int>, ClosedRange<Int>)
        /// A number of bytes, or a text with Redis's units (`"64mb"`).
        case byteCount(Path<Int>, ClosedRange<Int>)
        /// A text with `ms` or `s` (`"300ms"`).
        case milliseconds(Path<Int>, ClosedRange<Int>)
        case flag(Path<Bool>)
        case choice(Path<String>, [String])
        /// A numeric address to listen on, and a port.
        case listener(Path<Address>)
        /// The same, or `"off"`.
        case optionalListener(Path<Address?>)
        case optionalAddress(Path<Address?>)
        case addresses(Path<[Address]>)
    }

    package var key: String
    package var kind: Kind
    package var summary: String
    /// What stands for the default where there is no value.
    package var absence: String?
    /// What `cluster.example.toml` shows, commented out, where there is no default value.
    package var example: String?

    package init(
        _ key: String, _ kind: Kind, absence: String? = nil, example: String? = nil,
        _ summary: String
    ) {
        self.key = key
        self.kind = kind
        self.summary = summary
        self.absence = absence
        self.example = example
    }

    /// The part of the key before the dot; empty for a key of its own.
    package var section: String {
        guard let dot = key.firstIndex(of: ".") else { return "" }
        return String(key[..<dot])
    }

    /// The part of the key behind the dot.
    package var name: String {
        guard let dot = key.firstIndex(of: ".") else { return key }
        return String(key[key.index(after: dot)...])
    }

    package var isSecret: Bool {
        guard case .secret = kind else { return false }
        return true
    }

    /// The unit of the value, where it has one.
    package var unit: String? {
        switch kind {
        case .byteCount: "bytes, or with kb, mb, gb (1024s)"
        case .milliseconds: "ms or s"
        case .text, .secret, .path, .optionalPath, .integer, .flag, .choice, .listener,
            .optionalListener, .optionalAddress, .addresses:
            nil
        }
    }

    /// What a value must be, as an error and the documentation say it.
    package var expectation: String {
        switch kind {
        case .text(_, let lengths, let characters):
            "\(lengths.lowerBound) to \(lengths.upperBound) characters, of \(characters)"
        case .secret(_, let lengths):
            "a text of \(lengths.lowerBound) to \(lengths.upperBound) bytes, or \"file:PATH\""
        case .path, .optionalPath:
            "a path as text"
        case .integer(_, let range):
            "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .byteCount(_, let range):
            "bytes from \(byteText(range.lowerBound)) to \(byteText(range.upperBound)), "
                + "as an integer or with a unit (\"64mb\")"
        case .milliseconds(_, let range):
            "a duration from \(durationText(range.lowerBound)) to "
                + "\(durationText(range.upperBound)), with its unit (\"300ms\")"
        case .flag:
            "true or false"
        case .choice(_, let choices):
            choices.map { "\"\($0)\"" }.joined(separator: " or ")
        case .listener:
            "a numeric address and port to listen on (\"127.0.0.1:7000\", \"[::1]:7000\")"
        case .optionalListener:
            "a numeric address and port to listen on (\"127.0.0.1:6379\"), or \"off\""
        case .optionalAddress:
            "an address and port (\"host:7000\")"
        case .addresses:
            "a list of addresses and ports ([\"host:17000\"])"
        }
    }

    /// The value in `settings` as TOML writes it; `nil` when there is none.
    package func literal(in settings: NodeSettings) -> String? {
        switch kind {
        case .text(let path, _, _), .path(let path), .choice(let path, _):
            quoted(settings[keyPath: path])
        case .secret(let path, _), .optionalPath(let path):
            settings[keyPath: path].map(quoted)
        case .integer(let path, _): "\(settings[keyPath: path])"
        case .byteCount(let path, _): byteLiteral(settings[keyPath: path])
        case .milliseconds(let path, _): quoted(durationText(settings[keyPath: path]))
        case .flag(let path): "\(settings[keyPath: path])"
        case .listener(let path): quoted("\(settings[keyPath: path])")
        case .optionalListener(let path):
            quoted(settings[keyPath: path].map { "\($0)" } ?? "off")
        case .optionalAddress(let path): settings[keyPath: path].map { quoted("\($0)") }
        case .addresses(let path):
            "[" + settings[keyPath: path].map { quoted("\($0)") }.joined(separator: ", ") + "]"
        }
    }
}

private func quoted(_ text: String) -> String { "\"\(text)\"" }

private func byteLiteral(_ count: Int) -> String {
    let text = byteText(count)
    return text.last?.isNumber == true ? text : quoted(text)
}
