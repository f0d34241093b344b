package import RESP

/// What is answered to a command that is not in the table (Redis 7.0, `server.c`).
package enum UnknownCommand {
    private static let nameByteLimit = 128
    private static let argumentsByteLimit = 128

    /// The error for a name that no command has.
    package static func error(for request: borrowing Request) -> CommandError {
        var arguments: [UInt8] = []
        var index = 1
        while index < request.count, arguments.count < argumentsByteLimit {
            let room = argumentsByteLimit - arguments.count
            arguments.append(UInt8(ascii: "'"))
            arguments.append(contentsOf: request.copy(index).prefix(room))
            arguments.append(contentsOf: "' ".utf8)
            index += 1
        }
        return CommandError(
            "ERR unknown command '\(text(request.copy(0).prefix(nameByteLimit)))', "
                + "with args beginning with: \(text(arguments[...]))")
    }

    /// The error for a second word that is not among the container's subcommands.
    package static func subcommandError(
        for request: borrowing Request, container: String
    ) -> CommandError {
        CommandError(
            "ERR unknown subcommand '\(text(request.copy(1).prefix(nameByteLimit)))'. "
                + "Try \(container.uppercased()) HELP.")
    }

    /// The error for a subcommand whose words are too many, though its row takes any number.
    package static func subcommandSyntaxError(
        for request: borrowing Request, container: String
    ) -> CommandError {
        CommandError(
            "ERR unknown subcommand or wrong number of arguments for "
                + "'\(text(request.copy(1).prefix(nameByteLimit)))'. "
                + "Try \(container.uppercased()) HELP.")
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
