import Commands
import Primitives
import RESP

/// Commands of plain connections that concern several shards.
extension LoopCore {
    /// Empties every whole database, wherever it is.
    mutating func flushWholeDatabases(
        _ request: borrowing Request, from index: Int, now: Moment
    ) -> Disposition {
        guard sessions[index].owesNothing else { return .wait(.replies) }
        do throws(CommandError) {
            try DatabaseCommands.checkFlushMode(request)
        } catch {
            return reply(to: index, relayed: nil, error)
        }
        var parts: [UInt8] = []
        for number in 0..<DatabaseID.wholeCount {
            parts.append(request: [Array("SELECT".utf8), Array("\(number)".utf8)])
            parts.append(request: [Array("FLUSHDB".utf8)])
        }
        split(parts, .allOK, for: index, now: now)
        return sessions[index].owesNothing ? .next : .nextThenWait(.replies)
    }

    /// Has the requests in `parts` done as one command of a client's, which is owed nothing.
    private mutating func split(
        _ parts: [UInt8], _ rule: Split.Rule, for client: Int, now: Moment
    ) {
        let sequence = sessions[client].replies.append()
        let version = sessions[client].version
        let index = openSession(.split, now: now)
        sessions[index].version = version
        sessions[index].input = parts
        splits.append(
            Split(
                parts: reference(to: index), client: reference(to: client), sequence: sequence,
                version: version, rule: rule))
        useInput(of: index, now: now)
    }

    /// Answers the commands whose parts are all done.
    mutating func finishSplits() {
        guard !splits.isEmpty else { return }
        var waiting: [Split] = []
        swap(&waiting, &splits)
        for split in waiting {
            guard let index = session(split.parts) else { continue }
            guard sessions[index].owesNothing, sessions[index].input.isEmpty else {
                splits.append(split)
                continue
            }
            let replies = PartReplies(sessions[index].output)
            closeStreams(of: index)
            closeSession(index)
            let reserved = beginReserved(
                split.client, sequence: split.sequence, version: split.version)
            write(replies, by: split.rule)
            endReserved(reserved, split.client, sequence: split.sequence)
        }
    }

    private mutating func write(_ replies: PartReplies, by rule: Split.Rule) {
        switch rule {
        case .allOK:
            let errors = replies.errors
            // Each part is a change of the database and a write.
            guard let first = errors.first else { return writer.ok() }
            if errors.count * 2 == replies.replies.count, !replies.isUncertain {
                writer.raw(Array(first))
            } else {
                writer.error(CommandError.partlyDone.text)
            }
        }
    }
}
