import TOMLKit

/// Reads TOML text into neutral values. The only place that knows the TOML library.
enum TOMLDocument {
    /// Parses `text`, which came from the file `name`.
    ///
    /// - Parameters:
    ///   - text: The whole file.
    ///   - name: The file's path, for the error.
    /// - Returns: The top level's entries, sorted by key.
    /// - Throws: ``SettingsError`` with line and column when `text` is not TOML.
    static func parse(_ text: String, name: String) throws(SettingsError) -> [FoundValue.Entry] {
        do {
            return entries(of: try TOMLTable(string: text))
        } catch let error as TOMLParseError {
            let place = error.source.begin
            throw SettingsError([
                SettingProblem(
                    location: "\(name):\(place.line):\(place.column)",
                    found: "a syntax error (\(error.description))", expected: "TOML")
            ])
        } catch {
            throw SettingsError([
                SettingProblem(location: name, found: "\(error)", expected: "TOML")
            ])
        }
    }

    private static func entries(of table: TOMLTable) -> [FoundValue.Entry] {
        table.keys.sorted().compactMap { key in
            table[key].map { FoundValue.Entry(key: key, value: value(of: $0)) }
        }
    }

    private static func value(of node: any TOMLValueConvertible) -> FoundValue {
        switch node.type {
        case .string: .text(node.string ?? "")
        case .int: .integer(node.int ?? 0)
        case .double: .number(node.double ?? 0)
        case .bool: .flag(node.bool ?? false)
        case .array: .list(node.array.map { array in array.map(value(of:)) } ?? [])
        case .table: .table(node.table.map(entries(of:)) ?? [])
        case .date, .time, .dateTime: .moment("\(node.type)")
        }
    }
}
