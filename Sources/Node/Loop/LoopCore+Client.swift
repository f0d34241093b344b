import Commands
import Primitives
import RESP

/// `CLIENT` and its subcommands. Which clients there are, are closed or are paused, is a matter of the
/// whole node: every loop does its part.
extension LoopCore {
    mutating func client(
        _ request: borrowing Request, from index: Int, now: Moment
    ) -> Disposition {
        let task: NodeTask?
        do throws(CommandError) {
            task = try clientTask(request, index, now: now)
        } catch {
            return reply(to: index, relayed: nil, error)
        }
        if let task {
            let disposition = run(task, for: index, now: now)
            return sessions[index].isClosing ? .close : disposition
        }
        let direct = beginReply(to: index)
        do throws(CommandError) {
            try ownClient(request, index, now: now)
        } catch {
            writer.error(error.text)
        }
        endReply(to: index, direct: direct, relayed: nil)
        return .next
    }

    /// What concerns the clients of all loops.
    private func clientTask(
        _ request: borrowing Request, _ index: Int, now: Moment
    ) throws(CommandError) -> NodeTask? {
        switch text(request[1]).uppercased() {
        case "LIST": .clientList(try listFilter(request, now: now))
        case "KILL": try killTask(request, index, now: now)
        case "UNBLOCK": try unblockTask(request)
        case "PAUSE": try pauseTask(request, now: now)
        case "UNPAUSE": .unpause
        default: nil
        }
    }

    /// What concerns the connection itself.
    private mutating func ownClient(
        _ request: borrowing Request, _ index: Int, now: Moment
    ) throws(CommandError) {
        switch text(request[1]).uppercased() {
        case "ID": writer.integer(Int64(clientID(of: index)))
        case "GETNAME":
            if sessions[index].name.isEmpty {
                writer.null()
            } else {
                writer.bulk(sessions[index].name)
            }
        case "SETNAME":
            sessions[index].name = try clientName(request[2])
            writer.ok()
        case "SETINFO": try setInfo(request, index)
        case "INFO": writer.verbatim(describe(index, now: now) + "\n")
        case "REPLY": try setReplyMode(request, index)
        case "NO-EVICT":
            sessions[index].isEvictionExempt = try isOn(request[2])
            writer.ok()
        case "NO-TOUCH":
            sessions[index].touchesNothing = try isOn(request[2])
            writer.ok()
        case "GETREDIR": writer.integer(-1)
        case "TRACKINGINFO": writeTrackingInfo()
        case "TRACKING":
            if try isOn(request[2]) {
                throw CommandError("ERR client tracking is not supported")
            }
            guard request.count == 3 else { throw .syntax }
            writer.ok()
        case "CACHING":
            throw CommandError(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
            )
        default: throw UnknownCommand.subcommandError(for: request, container: "client")
        }
    }

    private func isOn(_ word: Span<UInt8>) throws(CommandError) -> Bool {
        switch text(word).uppercased() {
        case "ON": true
        case "OFF": false
        default: throw .syntax
        }
    }

    private mutating func writeTrackingInfo() {
        writer.map(3)
        writer.bulk("flags")
        writer.set(1)
        writer.bulk("off")
        writer.bulk("redirect")
        writer.integer(-1)
        writer.bulk("prefixes")
        writer.array(0)
    }

    private mutating func setReplyMode(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) {
        let next = sessions[index].replies.next
        switch text(request[2]).uppercased() {
        case "ON":
            sessions[index].muting.turnOn(next: next)
            writer.ok()
        case "OFF": sessions[index].muting.turnOff(next: next)
        case "SKIP": sessions[index].muting.skipNext()
        default: throw .syntax
        }
    }

    // MARK: Names

    func clientName(_ bytes: Span<UInt8>) throws(CommandError) -> [UInt8] {
        try printable(
            bytes,
            "ERR Client names cannot contain spaces, newlines or special characters.")
    }

    private func printable(
        _ bytes: Span<UInt8>, _ refusal: String
    ) throws(CommandError) -> [UInt8] {
        for position in 0..<bytes.count where !(0x21...0x7E ~= bytes[position]) {
            throw CommandError(refusal)
        }
        return [UInt8](copying: bytes)
    }

    private mutating func setInfo(
        _ request: borrowing Request, _ index: Int
    ) throws(CommandError) {
        let attribute = text(request[2]).lowercased()
        guard attribute == "lib-name" || attribute == "lib-ver" else {
            throw CommandError("ERR Unrecognized option '\(text(request[2]))'")
        }
        let value = try printable(
            request[3],
            "ERR \(attribute) cannot contain spaces, newlines or special characters.")
        if attribute == "lib-name" {
            sessions[index].libraryName = value
        } else {
            sessions[index].libraryVersion = value
        }
        writer.ok()
    }

    // MARK: Tasks

    private func listFilter(
        _ request: borrowing Request, now: Moment
    ) throws(CommandError) -> ClientFilter {
        var filter = ClientFilter(askedAt: now)
        guard request.count > 2 else { return filter }
        switch (text(request[2]).uppercased(), request.count) {
        case ("TYPE", 4): filter.isNormal = try isNormal(request[3])
        case ("ID", 4...):
            var ids: [UInt64] = []
            for position in 3..<request.count {
                guard let id = integer(request[position]), id > 0 else {
                    throw CommandError("ERR Invalid client ID")
                }
                ids.append(UInt64(id))
            }
            filter.ids = ids
        default: throw .syntax
        }
        return filter
    }

    private func isNormal(_ type: Span<UInt8>) throws(CommandError) -> Bool {
        let name = text(type).lowercased()
        guard ["normal", "master", "replica", "slave", "pubsub"].contains(name) else {
            throw CommandError("ERR Unknown client type '\(text(type))'")
        }
        return name == "normal"
    }

    private func killTask(
        _ request: borrowing Request, _ index: Int, now: Moment
    ) throws(CommandError) -> NodeTask {
        var filter = ClientFilter(askedAt: now)
        filter.asker = key(of: index)
        if request.count == 3 {
            filter.address = text(request[2])
            return .killClients(filter, isOldForm: true)
        }
        guard request.count % 2 == 0 else { throw .syntax }
        filter.except = key(of: index)
        for position in stride(from: 2, to: request.count, by: 2) {
            let value = text(request[position + 1])
            switch text(request[position]).uppercased() {
            case "ID":
                guard let id = integer(request[position + 1]), id > 0 else {
                    throw CommandError("ERR client-id should be greater than 0")
                }
                filter.ids = [UInt64(id)]
            case "TYPE": filter.isNormal = try isNormal(request[position + 1])
            case "ADDR": filter.address = value
            case "LADDR": filter.localAddress = value
            case "USER":
                guard value == "default" else {
                    throw CommandError("ERR No such user '\(value)'")
                }
            case "SKIPME":
                switch value.lowercased() {
                case "yes": filter.except = key(of: index)
                case "no": filter.except = nil
                default: throw .syntax
                }
            case "MAXAGE":
                guard let age = integer(request[position + 1]) else {
                    throw CommandError("ERR maxage is not an integer or out of range")
                }
                guard age > 0 else { throw CommandError("ERR maxage should be greater than 0") }
                filter.age = Int(age)
            default: throw .syntax
            }
        }
        return .killClients(filter, isOldForm: false)
    }

    private func unblockTask(_ request: borrowing Request) throws(CommandError) -> NodeTask {
        var isError = false
        if request.count == 4 {
            switch text(request[3]).uppercased() {
            case "TIMEOUT": break
            case "ERROR": isError = true
            default:
                throw CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            }
        } else if request.count > 4 {
            throw UnknownCommand.subcommandSyntaxError(for: request, container: "client")
        }
        guard let id = integer(request[2]) else { throw .notInteger }
        return .unblock(id: UInt64(clamping: id), isError: isError)
    }

    private func pauseTask(
        _ request: borrowing Request, now: Moment
    ) throws(CommandError) -> NodeTask {
        var kind = PauseKind.all
        guard request.count <= 4 else {
            throw UnknownCommand.subcommandSyntaxError(for: request, container: "client")
        }
        if request.count == 4 {
            switch text(request[3]).uppercased() {
            case "WRITE": kind = .writes
            case "ALL": break
            default: throw CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL")
            }
        }
        guard let milliseconds = integer(request[2]) else {
            throw CommandError("ERR timeout is not an integer or out of range")
        }
        guard milliseconds >= 0 else { throw CommandError("ERR timeout is negative") }
        let limit = Int64(365 * 86_400_000)
        return .pause(
            kind, until: now.boot.advanced(milliseconds: Int(min(milliseconds, limit))))
    }
}
