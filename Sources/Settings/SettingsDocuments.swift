/// What is generated from the settings table; a test compares the files in the repository with it.
package enum SettingsDocuments {
    /// `cluster.example.toml`: every setting with its default, so that it loads as the defaults.
    package static var exampleFile: String {
        var text = """
            # Every setting of a Martlet node, with its default. Start a node with
            #     martlet serve --config FILE
            # or give any setting as a flag: --cluster.name prod. docs/configuration.md says more.

            """
        var section = ""
        for setting in Setting.all {
            if setting.section != section {
                section = setting.section
                text += "\n" + comment(Setting.summary(ofSection: section))
                text += "[\(section)]\n"
            }
            text += "\n" + comment(setting.summary)
            text += comment("Takes \(setting.expectation).")
            if let literal = setting.literal(in: NodeSettings()) {
                text += "\(setting.name) = \(literal)\n"
            } else {
                text += comment("Default: \(setting.absence ?? "none").")
                text += "#\(setting.name) = \(setting.example ?? "")\n"
            }
        }
        return text
    }

    /// The tables of `docs/configuration.md`.
    package static var tables: String {
        var text = ""
        var section: String?
        for setting in Setting.all {
            if setting.section != section {
                section = setting.section
                text +=
                    "\n### \(setting.section.isEmpty ? "Top level" : "`[\(setting.section)]`")\n\n"
                text += Setting.summary(ofSection: setting.section) + "\n\n"
                text += "| key | default | takes | what it does |\n|---|---|---|---|\n"
            }
            let standard =
                setting.literal(in: NodeSettings()).map { "`\($0)`" } ?? setting.absence ?? "none"
            text +=
                "| `\(setting.key)` | \(standard) | \(setting.expectation) | \(setting.summary) |\n"
        }
        return text
    }

    /// The flags of `martlet serve`, for its help.
    package static var flags: String {
        Setting.all.map { setting in
            let standard = setting.literal(in: NodeSettings()) ?? setting.absence ?? "none"
            return "  --\(setting.key)  (default: \(standard))"
        }.joined(separator: "\n")
    }

    private static func comment(_ text: String) -> String {
        var lines: [String] = []
        var line = "#"
        for word in text.split(separator: " ") {
            if line.count + word.count + 1 > 98 {
                lines.append(line)
                line = "#"
            }
            line += " \(word)"
        }
        return (lines + [line]).joined(separator: "\n") + "\n"
    }
}
