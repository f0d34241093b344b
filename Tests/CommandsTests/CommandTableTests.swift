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
        let command = try CommandTable.standard.row(name)
        let script = try Self.script(of: command)
        #expect(script.uppercased().contains(name.uppercased()))
        #expect(!command.documentation.summary.isEmpty)
        #expect(command.documentation.summary.hasSuffix("."))
        #expect(command.categories.contains(.fast) == command.flags.contains(.fast))
        #expect(command.categories.contains(.slow) != command.flags.contains(.fast))
        let hasKeys = command.keys.positions.first > 0
        #expect(hasKeys || command.documentation.arguments.first?.kind != .key)
        switch command.body {
        case .read: #expect(command.flags.contains(.readonly) && hasKeys)
        case .write: #expect(command.flags.contains(.write) && hasKeys)
        case .session: #expect(!hasKeys)
        }
    }

    /// In a folder of their own are those that the redis-server at hand doesn't have.
    private static func script(of command: Command) throws -> String {
        let version = command.documentation.since.split(separator: ".").compactMap { Int($0) }
        let isNewer = [7, 0].lexicographicallyPrecedes(version.prefix(2))
        let path = "../CommandScripts/\(isNewer ? "newer/" : "")\(command.name).txt"
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: path)
        return try String(contentsOf: file, encoding: .utf8)
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
        let command = try CommandTable.standard.row(name)
        let subcommand = command.subcommands.isEmpty ? nil : command.subcommand(request[1])
        return body(subcommand ?? command, request)
    }

    @Test(
        "keys and slots are those of the specification",
        arguments: [
            ("get foo", [1], SlotVerdict.one(SlotID(12182))),
            ("set foo bar ex 10", [1], .one(SlotID(12182))),
            ("mset {foo}a 1 {foo}b 2", [1, 3], .one(SlotID(12182))),
            ("mset foo 1 bar 2", [1, 3], .crossSlot), ("del foo foo bar", [1, 2, 3], .crossSlot),
            ("exists foo foo", [1, 2], .one(SlotID(12182))), ("ping foo", [], .none),
            ("scan 0", [], .none), ("lcs foo foo idx", [1, 2], .one(SlotID(12182))),
            ("msetex 2 {foo}a 1 {foo}b 2 ex 5", [2, 4], .one(SlotID(12182))),
            ("msetex 2 foo 1 bar 2", [2, 4], .crossSlot),
            ("msetex 2 foo 1 bar", [2, 4], .crossSlot),
            ("msetex 1 foo 1 bar 2", [2], .one(SlotID(12182))),
            ("msetex 3 foo 1 bar 2", nil, .one(SlotID(12182))),
            ("msetex 0 foo 1 bar 2", nil, .one(SlotID(12182))),
            ("msetex 9223372036854775807 foo 1", nil, .one(SlotID(12182))),
            ("msetex x foo 1", nil, .one(SlotID(12182))),
            ("object encoding foo", [2], .one(SlotID(12182))), ("object help", [], .none),
            ("memory usage foo samples 0", [2], .one(SlotID(12182))),
        ] as [(String, [Int]?, SlotVerdict)])
    func keys(line: String, indices: [Int]?, verdict: SlotVerdict) throws {
        #expect(try with(line) { $0.keys.positions.indices(in: $1) } == indices)
        #expect(try with(line) { $0.keys.positions.slot(of: $1) } == verdict)
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
