import Primitives

extension NodeSettings {
    /// Puts the defaults, a file and flags together; a flag overrides the file.
    ///
    /// - Parameters:
    ///   - path: The file to read, if there is one.
    ///   - flags: `--KEY VALUE` or `--KEY=VALUE` for any ``Setting``.
    ///   - files: How the file, and those that secrets name, are read.
    /// - Returns: Settings that a node can start with.
    /// - Throws: ``SettingsError`` with everything that is wrong.
    package static func load(
        file path: String?, flags: [String] = [], files: SettingsFiles = .system
    ) throws(SettingsError) -> NodeSettings {
        var loader = SettingsLoader(files: files)
        if let path {
            try loader.readFile(path)
        }
        loader.readFlags(flags)
        guard loader.problems.isEmpty else { throw SettingsError(loader.problems) }
        let problems = loader.settings.contradictions(origin: loader.origin(of:))
        guard problems.isEmpty else { throw SettingsError(problems) }
        return loader.settings
    }
}

/// Collects settings from their sources, and all that is wrong with them.
private struct SettingsLoader {
    let files: SettingsFiles
    var settings = NodeSettings()
    var problems: [SettingProblem] = []
    private var origins = SortedMap<String, SettingOrigin>()

    init(files: SettingsFiles) {
        self.files = files
    }

    func origin(of key: String) -> SettingOrigin { origins[key] ?? .standard }

    mutating func readFile(_ path: String) throws(SettingsError) {
        let text: String
        do throws(FileFailure) {
            text = try files.read(path)
        } catch {
            throw SettingsError([
                SettingProblem(
                    location: path, found: "a file that can't be read (\(error.reason))",
                    expected: "settings in TOML")
            ])
        }
        for entry in try TOMLDocument.parse(text, name: path) {
            readEntry(entry, prefix: "", origin: .file(path))
        }
    }

    mutating func readFlags(_ flags: [String]) {
        var rest = flags[...]
        while let flag = rest.popFirst() {
            guard flag.hasPrefix("--"), flag.count > 2 else {
                problems.append(
                    SettingProblem(
                        location: flag, found: "an argument", expected: "--KEY VALUE or --KEY=VALUE"
                    ))
                continue
            }
            let body = flag.dropFirst(2)
            let key = String(body.prefix { $0 != "=" })
            guard let setting = Setting.all.first(where: { $0.key == key }) else {
                problems.append(unknown(key, origin: .flag))
                if key.count == body.count, rest.first?.hasPrefix("--") == false {
                    rest.removeFirst()
                }
                continue
            }
            if key.count < body.count {
                let text = String(body.dropFirst(key.count + 1))
                store(setting.value(ofFlag: text), in: setting, origin: .flag)
            } else if let text = rest.first, !text.hasPrefix("--") {
                rest.removeFirst()
                store(setting.value(ofFlag: text), in: setting, origin: .flag)
            } else if case .flag = setting.kind {
                store(.flag(true), in: setting, origin: .flag)
            } else {
                problems.append(
                    SettingProblem(
                        location: "--\(key)", found: "no value", expected: setting.expectation))
            }
        }
    }

    private mutating func readEntry(
        _ entry: FoundValue.Entry, prefix: String, origin: SettingOrigin
    ) {
        let key = prefix + entry.key
        if let setting = Setting.all.first(where: { $0.key == key }) {
            store(entry.value, in: setting, origin: origin)
        } else if prefix.isEmpty, Setting.all.contains(where: { $0.section == key }) {
            guard case .table(let entries) = entry.value else {
                problems.append(
                    SettingProblem(
                        location: origin.location(of: key), found: entry.value.description,
                        expected: "a section [\(key)]"))
                return
            }
            for inner in entries {
                readEntry(inner, prefix: key + ".", origin: origin)
            }
        } else {
            problems.append(unknown(key, origin: origin))
        }
    }

    private mutating func store(_ found: FoundValue, in setting: Setting, origin: SettingOrigin) {
        do throws(RefusedValue) {
            try setting.store(found, in: &settings, files: files)
            origins[setting.key] = origin
        } catch {
            problems.append(
                SettingProblem(
                    location: origin.location(of: setting.key + error.place), found: error.found,
                    expected: error.expected ?? setting.expectation))
        }
    }

    private func unknown(_ key: String, origin: SettingOrigin) -> SettingProblem {
        let sections = Setting.all.map(\.section).filter { !$0.isEmpty }
        let nearest = nearestKey(to: key, among: Setting.all.map(\.key) + sections)
        return SettingProblem(
            location: origin.location(of: key), found: "an unknown key",
            expected: "a setting of docs/configuration.md", nearest: nearest)
    }
}
