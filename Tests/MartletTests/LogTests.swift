import Foundation
import Logging
import Settings
import Testing

@testable import martlet

@Suite("Log lines")
struct LogTests {
    /// Filled and read by one test, on one thread.
    private final class Lines: @unchecked Sendable {
        var all: [String] = []
    }

    private func line(_ format: NodeSettings.LogFormat, _ message: String) -> String {
        let lines = Lines()
        var logger = Logger(label: "test") { _ in
            LineLogHandler(
                level: .info, format: format, now: { Date(timeIntervalSince1970: 0.25) },
                write: { lines.all.append($0) })
        }
        logger[metadataKey: "node"] = "0001"
        logger.debug("not shown")
        logger.warning("\(message)", metadata: ["shard": "3"])
        return lines.all.joined(separator: "|")
    }

    @Test("are for people, with further lines indented")
    func text() {
        #expect(
            line(.text, "a\nb")
                == "1970-01-01T00:00:00.250Z warning a\n    b node=0001 shard=3")
    }

    @Test("are JSON objects, one a line")
    func json() {
        #expect(
            line(.json, "a\n\"b\"")
                == "{\"level\":\"warning\",\"message\":\"a\\n\\\"b\\\"\",\"node\":\"0001\","
                + "\"shard\":\"3\",\"time\":\"1970-01-01T00:00:00.250Z\"}")
    }
}
