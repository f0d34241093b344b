/// Where a value came from.
package enum SettingOrigin: Equatable, Sendable {
    case standard
    case file(String)
    case flag

    func location(of key: String) -> String {
        switch self {
        case .standard: key
        case .file(let path): "\(path): \(key)"
        case .flag: "--\(key)"
        }
    }
}

/// One thing that is wrong with what a node was given: where, what was found, what was expected.
package struct SettingProblem: Equatable, Sendable {
    /// The file and full key (`node.toml: cluster.seeds[1]`), the flag, or file, line and column.
    package var location: String
    package var found: String
    package var expected: String
    /// The known key that looks most like an unknown one.
    package var nearest: String?

    package init(location: String, found: String, expected: String, nearest: String? = nil) {
        self.location = location
        self.found = found
        self.expected = expected
        self.nearest = nearest
    }

    package var description: String {
        let text = "\(location): found \(found), expected \(expected)"
        guard let nearest else { return text }
        return text + "; did you mean \(nearest)?"
    }
}

/// Why a node can't start with what it was given. All that is wrong is named at once.
package struct SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
    package var problems: [SettingProblem]

    package init(_ problems: [SettingProblem]) {
        self.problems = problems
    }

    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
