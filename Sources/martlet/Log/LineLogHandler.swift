import Foundation
import Logging
import Settings

/// Makes one line of each event: for people, or a JSON object.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let format: NodeSettings.LogFormat
    private let write: @Sendable (String) -> Void
    private let now: @Sendable () -> Date

    init(
        level: Logger.Level, format: NodeSettings.LogFormat,
        now: @escaping @Sendable () -> Date = { Date() },
        write: @escaping @Sendable (String) -> Void
    ) {
        logLevel = level
        self.format = format
        self.now = now
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
            .sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        let time = now().formatted(
            Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt))
        switch format {
        case .text:
            let level = event.level.rawValue
            let padding = String(repeating: " ", count: max(0, 7 - level.count))
            let suffix = fields.map { " \($0.0)=\($0.1)" }.joined()
            let message = "\(event.message)".replacing("\n", with: "\n    ")
            write("\(time) \(level)\(padding) \(message)\(suffix)")
        case .json:
            var object = [
                "time": time, "level": event.level.rawValue, "message": "\(event.message)",
            ]
            for (key, value) in fields where object[key] == nil {
                object[key] = value
            }
            // A dictionary of strings always encodes.
            write((try? jsonText(object)) ?? "{}")
        }
    }
}
