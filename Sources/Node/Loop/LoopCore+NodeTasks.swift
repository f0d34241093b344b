package import Primitives

/// What every loop of the node does for a command of one client.
package enum NodeTask: Sendable {
    /// Begin the counts of `INFO` anew.
    case resetStatistics
    case clientList(ClientFilter)
    /// The old form names one address, and answers whether there was such a client.
    case killClients(ClientFilter, isOldForm: Bool)
    case unblock(id: UInt64, isError: Bool)
    case pause(PauseKind, until: Instant)
    case unpause
    case slowLog(count: Int)
    case slowLogCount
    case resetSlowLog
    case latency(LatencyQuestion)
    case resetLatency([String])
    /// Of these commands, or of all.
    case histograms([String])
    case keyCount(SlotID)
    case keys(SlotID, count: Int)
}

/// What a loop's part of a task comes to.
package enum NodeTaskResult: Sendable {
    case done
    case count(Int)
    case clients([ClientLine])
    case slowEntries([SlowEntry])
    case latency(LatencyMonitor)
    case names([String])
    case calls(CommandCalls)
    case keys([[UInt8]])

    /// The result of two loops.
    mutating func add(_ other: Self) {
        switch (self, other) {
        case (.done, _): self = other
        case (_, .done): break
        case (.count(let left), .count(let right)): self = .count(left + right)
        case (.clients(let left), .clients(let right)): self = .clients(left + right)
        case (.slowEntries(let left), .slowEntries(let right)):
            self = .slowEntries(left + right)
        case (.latency(var sum), .latency(let part)):
            sum.add(part)
            self = .latency(sum)
        case (.names(let left), .names(let right)):
            self = .names(left + right.filter { !left.contains($0) })
        case (.calls(var sum), .calls(let part)):
            sum.add(part)
            self = .calls(sum)
        case (.keys(let left), .keys(let right)): self = .keys(left + right)
        case (.count, _), (.clients, _), (.slowEntries, _), (.latency, _), (.names, _),
            (.calls, _), (.keys, _):
            preconditionFailure("parts of one task: \(self) and \(other)")
        }
    }
}

extension LoopCore {
    /// Begins a task for a client. It follows what the connection asked for before, and what the
    /// connection asks for next follows it.
    mutating func run(_ task: NodeTask, for index: Int, now: Moment) -> Disposition {
        guard sessions[index].owesNothing else { return .wait(.replies) }
        gather(.task(task), for: index, now: now)
        return sessions[index].owesNothing ? .next : .nextThenWait(.replies)
    }

    /// Does this loop's part.
    mutating func perform(_ task: NodeTask, now: Moment) -> NodeTaskResult {
        switch task {
        case .resetStatistics:
            admin.baseline = statistics
            admin.errorBaseline = writer.errorCount
            writer.resetErrorCounts()
            calls.reset()
            return .done
        case .clientList(let filter): return .clients(clientLines(filter))
        case .killClients(let filter, _): return .count(kill(filter, now: now))
        case .unblock(let id, let isError):
            return .count(unblock(id, isError: isError, now: now) ? 1 : 0)
        case .pause(let kind, let end):
            admin.pause.begin(kind, until: end, now: now.boot)
            return .done
        case .unpause:
            admin.pause.cancel()
            return .done
        case .slowLog: return .slowEntries(admin.slowLog.entries)
        case .slowLogCount: return .count(admin.slowLog.entries.count)
        case .resetSlowLog:
            admin.slowLog.removeAll()
            return .done
        case .latency: return .latency(admin.latency)
        case .resetLatency(let names): return .names(admin.latency.reset(names))
        case .histograms: return .calls(calls)
        case .keyCount(let slot): return .count(keyCount(in: slot))
        case .keys(let slot, let count): return .keys(keys(in: slot, count: count))
        }
    }

    /// Writes what a task came to.
    mutating func answer(_ task: NodeTask, _ result: NodeTaskResult) {
        switch (task, result) {
        case (.killClients(_, isOldForm: true), .count(let count)):
            if count > 0 { writer.ok() } else { writer.error("ERR No such client") }
        case (.slowLogCount, .count(let count)):
            writer.integer(min(count, admin.parameters.slowLogCount))
        case (.slowLog(let count), .slowEntries(let entries)): write(entries, count: count)
        case (.latency(let question), .latency(let monitor)): write(monitor, as: question)
        case (.histograms(let names), .calls(let calls)): writeHistograms(calls, of: names)
        case (_, .names(let names)): writer.integer(names.count)
        case (_, .keys(let keys)):
            writer.array(keys.count)
            for key in keys { writer.bulk(key) }
        case (_, .slowEntries), (_, .latency), (_, .calls): break
        case (_, .done): writer.ok()
        case (_, .count(let count)): writer.integer(count)
        case (_, .clients(let clients)):
            let lines = clients.sorted { $0.id < $1.id }.map { $0.text + "\n" }
            writer.verbatim(lines.joined())
        }
    }
}
