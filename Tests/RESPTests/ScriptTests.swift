import Foundation
import Primitives
import RESP
import Testing

/// Scripts of requests: lines of input, `----`, and what the parser makes of them. In the input `\r`,
/// `\n`, `\\` and `\xNN` stand for bytes; the lines themselves are joined without their ends.
/// `MARTLET_REWRITE=1` writes the answers anew.
@Suite("Request scripts") struct RequestScriptTests {
    static let names = ["multibulk", "inline", "refused"]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Scripts")

    @Test("answer as written", arguments: names) func answers(name: String) throws {
        let file = Self.folder.appending(path: "\(name).txt")
        let script = try String(contentsOf: file, encoding: .utf8)
        let answered = Self.answered(script)
        if ProcessInfo.processInfo.environment["MARTLET_REWRITE"] == "1" {
            try answered.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(answered == script, "\(name)")
        }
    }

    @Test("are all run") func allAreRun() throws {
        let found = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
        #expect(found.sorted() == Self.names.map { "\($0).txt" }.sorted())
    }

    private static func answered(_ script: String) -> String {
        let blocks = script.components(separatedBy: "\n\n").map { block in
            let lines = block.split(separator: "\n").map(String.init)
            let comments = lines.prefix { $0.hasPrefix("#") }
            let input = lines.dropFirst(comments.count).prefix { $0 != "----" }
            return (comments + input + ["----"] + parse(bytes(of: input.joined())))
                .joined(separator: "\n")
        }
        return blocks.joined(separator: "\n\n") + "\n"
    }

    /// What comes of the bytes, request by request, until one is incomplete or refused.
    private static func parse(_ bytes: [UInt8]) -> [String] {
        var frame = RequestFrame()
        var used = 0
        var lines: [String] = []
        while used < bytes.count {
            let rest = bytes.span.extracting(used..<bytes.count)
            do throws(RequestError) {
                switch try RequestParser().parse(rest, into: &frame) {
                case .incomplete: return lines + ["incomplete after \(used)"]
                case .empty(let byteCount):
                    used += byteCount
                    lines.append("nothing")
                case .inline(let byteCount):
                    used += byteCount
                    let request = try InlineCommand.request(from: rest.extracting(0..<byteCount))
                    lines.append("inline " + shown(request))
                case .complete(let byteCount):
                    let request = Request(bytes: rest.extracting(0..<byteCount), frame: frame)
                    used += byteCount
                    lines.append(
                        (0..<request.count).map { "[" + shown(request.copy($0)) + "]" }
                            .joined(separator: " "))
                }
            } catch {
                return lines + ["refused: \(error.message)"]
            }
        }
        return lines
    }

    private static func shown(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            switch byte {
            case 0x0D: "\\r"
            case 0x0A: "\\n"
            case 0x5C: "\\\\"
            case 0x20...0x7E: String(UnicodeScalar(byte))
            default: "\\x" + hexadecimal(UInt64(byte), digitCount: 2)
            }
        }.joined()
    }

    private static func bytes(of text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard character == "\\", let escape = rest.popFirst() else {
                bytes += Array(String(character).utf8)
                continue
            }
            switch escape {
            case "r": bytes.append(0x0D)
            case "n": bytes.append(0x0A)
            case "x":
                bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            default: bytes += Array(String(escape).utf8)
            }
        }
        return bytes
    }
}
