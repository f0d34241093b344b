import Commands
import Foundation
import Primitives
import RESP
import Testing

@Suite("Command table") struct CommandTableTests {
    private static let names = (0..<CommandTable.standard.count).map {
        CommandTable.standard[$0].name
    }

    @Test("every command is found in any case, and nothing else is") func find() {
        let table = CommandTable.standard
        for (index, name) in Self.names.enumerated() {
            #expect(table.index(name) == index)
            #expect(table.index(name.uppercased()) == index)
            #expect(table.index(name + "x") == nil)
        }
        for other in ["", "x", "ge", "getx", "\0get", "get\0", String(repeating: "a", count: 100)] {
            #expect(table.index(other) == nil, "\(other)")
        }
    }

    @Test("every command has a script and a place for its documentation", arguments: names)
    func rows(name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../CommandScripts/\(name).txt")
        let script = try String(contentsOf: file, encoding: .utf8)
        #expect(script.uppercased().contains(name.uppercased()))
        let command = try CommandTable.standard.row(name)
        #expect(!command.documentation.summary.isEmpty)
        #expect(command.documentation.summary.hasSuffix("."))
        #expect(command.keys.first > 0 || command.documentation.arguments.first?.kind != .key)
        #expect(command.categories.contains(.fast) == command.flags.contains(.fast))
        #expect(command.categories.contains(.slow) != command.flags.contains(.fast))
        switch command.body {
        case .read: #expect(command.flags.contains(.readonly) && command.keys.first > 0)
        case .write: #expect(command.flags.contains(.write) && command.keys.first > 0)
        case .session: #expect(command.keys.first == 0)
        }
    }

    /// What `body` makes of the request that `line` is.
    private func with<Result>(
        _ line: String, _ body: (Command, borrowing Request) -> Result
    ) throws -> Result {
        let bytes = try InlineCommand.request(from: [UInt8](line.utf8).span)
        var frame = RequestFrame()
        _ = try RequestParser().parse(bytes.span, into: &frame)
        let request = Request(bytes: bytes.span, frame: frame)
        let name = String(decoding: request.copy(0), as: UTF8.self)
        return body(try CommandTable.standard.row(name), request)
    }

    @Test(
        "keys and slots are those of the specification",
        arguments: [
            ("get foo", [1], SlotVerdict.one(SlotID(12182))),
            ("set foo bar ex 10", [1], .one(SlotID(12182))),
            ("mset {foo}a 1 {foo}b 2", [1, 3], .one(SlotID(12182))),
            ("mset foo 1 bar 2", [1, 3], .crossSlot), ("del foo foo bar", [1, 2, 3], .crossSlot),
            ("exists foo foo", [1, 2], .one(SlotID(12182))), ("ping foo", [], .none),
            ("scan 0", [], .none),
        ] as [(String, [Int], SlotVerdict)])
    func keys(line: String, indices: [Int], verdict: SlotVerdict) throws {
        #expect(try with(line) { $0.keyIndices(of: $1) } == indices)
        #expect(try with(line) { $0.slot(of: $1) } == verdict)
    }

    @Test("counts of arguments are bounds when negative") func arity() throws {
        let get = try CommandTable.standard.row("get")
        #expect([1, 2, 3].map(get.acceptsCount) == [false, true, false])
        let set = try CommandTable.standard.row("set")
        #expect([2, 3, 4, 100].map(set.acceptsCount) == [false, true, true, true])
    }

    @Test("the longest arguments of an unknown command are cut") func unknown() {
        var runner = CommandRunner()
        #expect(
            runner.run("nothing a b")
                == "-ERR unknown command 'nothing', with args beginning with: 'a' 'b' \r\n")
        let long = String(repeating: "x", count: 300)
        #expect(
            runner.run("nothing \(long) b")
                == "-ERR unknown command 'nothing', with args beginning with: '"
                + String(repeating: "x", count: 128) + "' \r\n")
    }
}
