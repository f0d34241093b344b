import Commands
import Primitives
import RESP

extension LoopCore {
    /// `CLIENT` and its subcommands.
    mutating func client(
        _ request: borrowing Request, _ index: Int, now: Moment
    ) throws(CommandError) {
        switch (text(request[1]).uppercased(), request.count) {
        case ("ID", 2): writer.integer(Int64(sessions[index].clientID))
        case ("GETNAME", 2):
            if sessions[index].name.isEmpty {
                writer.null()
            } else {
                writer.bulk(sessions[index].name)
            }
        case ("SETNAME", 3):
            sessions[index].name = try clientName(request[2])
            writer.ok()
        case ("SETINFO", 4): try setInfo(request, index)
        case ("INFO", 2): writer.verbatim(describe(index, now: now) + "\n")
        case ("LIST", 2...): try list(request, now: now)
        default:
            throw UnknownCommand.subcommandError(for: request, container: "client")
        }
    }

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

    private mutating func list(
        _ request: borrowing Request, now: Moment
    ) throws(CommandError) {
        var wanted: [UInt64]?
        if request.count > 2 {
            switch (text(request[2]).uppercased(), request.count) {
            case ("TYPE", 4):
                let type = text(request[3]).lowercased()
                guard ["normal", "master", "replica", "slave", "pubsub"].contains(type) else {
                    throw CommandError("ERR Unknown client type '\(text(request[3]))'")
                }
                if type != "normal" { wanted = [] }
            case ("ID", 4...):
                var ids: [UInt64] = []
                for position in 3..<request.count {
                    guard let id = integer(request[position]), id > 0 else {
                        throw CommandError("ERR Invalid client ID")
                    }
                    ids.append(UInt64(id))
                }
                wanted = ids
            default: throw .syntax
            }
        }
        var lines = ""
        for index in sessions.indices where sessions[index].isOpen && sessions[index].hasSocket {
            if let wanted, !wanted.contains(sessions[index].clientID) { continue }
            lines += describe(index, now: now) + "\n"
        }
        writer.verbatim(lines)
    }

    /// One client as `CLIENT LIST` shows it.
    private func describe(_ index: Int, now: Moment) -> String {
        let session = sessions[index]
        var address = "?:0"
        if case .client(_, let remote) = session.origin { address = remote.description }
        let name = String(decoding: session.name, as: UTF8.self)
        let library = String(decoding: session.libraryName, as: UTF8.self)
        let libraryVersion = String(decoding: session.libraryVersion, as: UTF8.self)
        let age = now.boot.milliseconds(since: session.connectedAt) / 1000
        let idle = now.boot.milliseconds(since: session.lastActiveAt) / 1000
        return
            "id=\(session.clientID) addr=\(address) laddr=\(ownAddress) fd=\(index) name=\(name) age=\(age) idle=\(idle) flags=\(session.isReadOnly ? "r" : "N") db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=\(session.input.count) qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=\(session.unsentByteCount) tot-mem=\(session.input.count + session.output.count) events=r cmd=\(session.lastCommand.isEmpty ? "NULL" : session.lastCommand) user=default redir=-1 resp=\(session.version.rawValue) lib-name=\(library) lib-ver=\(libraryVersion)"
    }

    private var ownAddress: String {
        directory.nodes[settings.nodeID]?.cluster.description ?? "?:0"
    }
}
