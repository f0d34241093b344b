import Keyspace
package import RESP

/// The replies of `COMMAND`, written from the table.
package enum CommandReplies {
    /// Writes the reply to `COMMAND` or one of its subcommands.
    ///
    /// - Parameters:
    ///   - request: The whole request, whose name is `COMMAND`.
    ///   - table: The table to describe.
    ///   - reply: Where the reply goes.
    /// - Throws: The error to answer.
    package static func answer(
        _ request: borrowing Request, from table: borrowing CommandTable,
        into reply: inout ReplyWriter
    ) throws(CommandError) {
        guard request.count > 1 else { return all(table, &reply) }
        let word = request[1]
        if let container = table.find(request[0]),
            let subcommand = table[container].subcommand(word),
            !subcommand.acceptsCount(request.count)
        {
            throw .wrongArgumentCount(subcommand.fullName)
        }
        if word.equalsIgnoringCase("count") {
            reply.integer(table.count)
        } else if word.equalsIgnoringCase("info") {
            guard request.count > 2 else { return all(table, &reply) }
            reply.array(request.count - 2)
            for index in 2..<request.count { info(request[index], table, &reply) }
        } else if word.equalsIgnoringCase("docs") {
            docs(request, table, &reply)
        } else if word.equalsIgnoringCase("list") {
            try list(request, table, &reply)
        } else if word.equalsIgnoringCase("getkeys") {
            try keys(request, table, &reply)
        } else {
            throw UnknownCommand.subcommandError(for: request, container: "command")
        }
    }

    private static func all(_ table: borrowing CommandTable, _ reply: inout ReplyWriter) {
        reply.array(table.count)
        for index in 0..<table.count { info(table[index], &reply) }
    }

    /// The command that `name` names: a word, or container and subcommand with a bar between them.
    private static func find(
        _ name: Span<UInt8>, _ table: borrowing CommandTable
    ) -> Command? {
        var bar = 0
        while bar < name.count, name[bar] != UInt8(ascii: "|") { bar += 1 }
        guard let index = table.find(name.extracting(0..<bar)) else { return nil }
        if bar == name.count { return table[index] }
        return table[index].subcommand(name.extracting(bar + 1..<name.count))
    }

    // MARK: INFO

    private static func info(
        _ name: Span<UInt8>, _ table: borrowing CommandTable, _ reply: inout ReplyWriter
    ) {
        if let command = find(name, table) { info(command, &reply) } else { reply.null() }
    }

    private static func info(_ command: Command, _ reply: inout ReplyWriter) {
        reply.array(10)
        reply.bulk(command.fullName)
        reply.integer(command.arity)
        words(command.flags.names, &reply)
        let keys = command.keys.positions
        let isCounted = keys.countIndex > 0
        reply.integer(isCounted ? 0 : keys.first)
        reply.integer(isCounted ? 0 : keys.last)
        reply.integer(isCounted ? 0 : keys.step)
        words(command.categories.names.map { "@\($0)" }, &reply)
        reply.set(command.documentation.tips.count)
        for tip in command.documentation.tips { reply.bulk(tip) }
        keySpecifications(command.keys, &reply)
        // Redis writes no subcommands as a set, but some as an array.
        if command.subcommands.isEmpty { return reply.set(0) }
        reply.array(command.subcommands.count)
        for subcommand in command.subcommands { info(subcommand, &reply) }
    }

    private static func words(_ words: [String], _ reply: inout ReplyWriter) {
        reply.set(words.count)
        for word in words { reply.simple(word) }
    }

    private static func keySpecifications(
        _ keys: KeySpecification, _ reply: inout ReplyWriter
    ) {
        guard keys.positions.first > 0 else { return reply.set(0) }
        reply.set(keys.flags.count)
        for (index, flags) in keys.flags.enumerated() {
            keySpecification(keys, flags, index, &reply)
        }
    }

    /// Writes one of the specifications: of all keys, or of the one at `index`.
    private static func keySpecification(
        _ keys: KeySpecification, _ flags: [String], _ index: Int, _ reply: inout ReplyWriter
    ) {
        let positions = keys.positions
        reply.map(keys.notes == nil ? 3 : 4)
        if let notes = keys.notes {
            reply.bulk("notes")
            reply.bulk(notes)
        }
        reply.bulk("flags")
        words(flags, &reply)
        let isCounted = positions.countIndex > 0
        reply.bulk("begin_search")
        reply.map(2)
        pair("type", "index", &reply)
        reply.bulk("spec")
        reply.map(1)
        pair("index", (isCounted ? positions.countIndex : positions.first) + index, &reply)
        reply.bulk("find_keys")
        reply.map(2)
        pair("type", isCounted ? "keynum" : "range", &reply)
        reply.bulk("spec")
        reply.map(3)
        // Counted from where the search begins, or from the end of the request.
        if isCounted {
            pair("keynumidx", 0, &reply)
            pair("firstkey", positions.first - positions.countIndex, &reply)
            pair("keystep", positions.step, &reply)
        } else {
            let isOneOfSome = keys.flags.count > 1
            let last = positions.last < 0 ? positions.last : positions.last - positions.first
            pair("lastkey", isOneOfSome ? 0 : last, &reply)
            pair("keystep", positions.step, &reply)
            pair("limit", 0, &reply)
        }
    }

    private static func pair(_ name: String, _ value: String, _ reply: inout ReplyWriter) {
        reply.bulk(name)
        reply.bulk(value)
    }

    private static func pair(_ name: String, _ value: Int, _ reply: inout ReplyWriter) {
        reply.bulk(name)
        reply.integer(value)
    }

    // MARK: DOCS

    private static func docs(
        _ request: borrowing Request, _ table: borrowing CommandTable, _ reply: inout ReplyWriter
    ) {
        guard request.count > 2 else {
            reply.map(table.count)
            for index in 0..<table.count { docs(table[index], &reply) }
            return
        }
        var found: [Command] = []
        for index in 2..<request.count {
            if let command = find(request[index], table) { found.append(command) }
        }
        reply.map(found.count)
        for command in found { docs(command, &reply) }
    }

    private static func docs(_ command: Command, _ reply: inout ReplyWriter) {
        let documentation = command.documentation
        reply.bulk(command.fullName)
        let isDeprecated = documentation.deprecatedSince != nil
        let optionalCount =
            (isDeprecated ? 2 : 0) + (documentation.replacedBy == nil ? 0 : 1)
            + (documentation.arguments.isEmpty ? 0 : 1) + (command.subcommands.isEmpty ? 0 : 1)
        reply.map(4 + optionalCount)
        pair("summary", documentation.summary, &reply)
        pair("since", documentation.since, &reply)
        pair("group", documentation.group.rawValue, &reply)
        pair("complexity", documentation.complexity, &reply)
        if let deprecatedSince = documentation.deprecatedSince {
            reply.bulk("doc_flags")
            words(["deprecated"], &reply)
            pair("deprecated_since", deprecatedSince, &reply)
        }
        if let replacedBy = documentation.replacedBy { pair("replaced_by", replacedBy, &reply) }
        if !documentation.arguments.isEmpty {
            reply.bulk("arguments")
            var specificationIndexes = command.keys.flags.indices
            arguments(documentation.arguments, &specificationIndexes, &reply)
        }
        if !command.subcommands.isEmpty {
            reply.bulk("subcommands")
            reply.map(command.subcommands.count)
            for subcommand in command.subcommands { docs(subcommand, &reply) }
        }
    }

    private static func arguments(
        _ arguments: [CommandArgument], _ specificationIndexes: inout Range<Int>,
        _ reply: inout ReplyWriter
    ) {
        reply.array(arguments.count)
        for argument in arguments {
            let isKey = argument.kind == .key
            reply.map(
                2 + (isKey ? 1 : 0) + (argument.token == nil ? 0 : 1)
                    + (argument.since == nil ? 0 : 1) + (argument.flags.isEmpty ? 0 : 1)
                    + (argument.arguments.isEmpty ? 0 : 1))
            pair("name", argument.name, &reply)
            pair("type", argument.kind.rawValue, &reply)
            if isKey {
                pair("key_spec_index", specificationIndexes.lowerBound, &reply)
                if specificationIndexes.count > 1 { specificationIndexes.removeFirst() }
            }
            if let token = argument.token { pair("token", token, &reply) }
            if let since = argument.since { pair("since", since, &reply) }
            if !argument.flags.isEmpty {
                reply.bulk("flags")
                words(argument.flags.names, &reply)
            }
            if !argument.arguments.isEmpty {
                reply.bulk("arguments")
                self.arguments(argument.arguments, &specificationIndexes, &reply)
            }
        }
    }

    // MARK: LIST

    private static func list(
        _ request: borrowing Request, _ table: borrowing CommandTable, _ reply: inout ReplyWriter
    ) throws(CommandError) {
        var names: [String] = []
        for index in 0..<table.count {
            names.append(table[index].fullName)
            names.append(contentsOf: table[index].subcommands.map(\.fullName))
        }
        if request.count > 2 {
            guard request.count == 5, request[2].equalsIgnoringCase("filterby") else {
                throw .syntax
            }
            names = try filtered(names, by: request, table)
        }
        reply.array(names.count)
        for name in names { reply.bulk(name) }
    }

    private static func filtered(
        _ names: [String], by request: borrowing Request, _ table: borrowing CommandTable
    ) throws(CommandError) -> [String] {
        var kept: [String] = []
        if request[3].equalsIgnoringCase("module") { return [] }
        if request[3].equalsIgnoringCase("pattern") {
            let pattern = request.copy(4).map(lowercased)
            for name in names
            where GlobPattern.matches(pattern.span, [UInt8](name.utf8).span) {
                kept.append(name)
            }
            return kept
        }
        guard request[3].equalsIgnoringCase("aclcat") else { throw .syntax }
        for (category, word) in CommandCategories.names
        where request[4].equalsIgnoringCase(word) {
            for name in names {
                let command = find([UInt8](name.utf8).span, table)
                if command?.categories.contains(category) == true { kept.append(name) }
            }
        }
        return kept
    }

    // MARK: GETKEYS

    private static func keys(
        _ request: borrowing Request, _ table: borrowing CommandTable, _ reply: inout ReplyWriter
    ) throws(CommandError) {
        guard let index = table.find(request[2]) else {
            throw CommandError("ERR Invalid command specified")
        }
        var command = table[index]
        if !command.subcommands.isEmpty, request.count > 3 {
            guard let subcommand = command.subcommand(request[3]) else {
                throw CommandError("ERR Invalid command specified")
            }
            command = subcommand
        }
        guard command.keys.positions.first > 0 else {
            throw CommandError("ERR The command has no key arguments")
        }
        guard command.acceptsCount(request.count - 2) else {
            throw CommandError("ERR Invalid number of arguments specified for command")
        }
        guard let indices = command.keys.positions.indices(in: request, after: 2) else {
            throw CommandError("ERR Invalid arguments specified for command")
        }
        reply.array(indices.count)
        for index in indices { reply.bulk(request[index]) }
    }
}
