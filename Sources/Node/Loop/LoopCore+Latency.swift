import Commands
import Primitives
import RESP

/// `SLOWLOG`, `LATENCY` and `LOLWUT`: what was measured on all loops of this node.
extension LoopCore {
    mutating func slowlog(
        _ request: borrowing Request, from index: Int, now: Moment
    ) -> Disposition {
        switch text(request[1]).uppercased() {
        case "LEN": return run(.slowLogCount, for: index, now: now)
        case "RESET": return run(.resetSlowLog, for: index, now: now)
        case "GET":
            guard request.count <= 3 else {
                return reply(
                    to: index, relayed: nil,
                    UnknownCommand.subcommandSyntaxError(for: request, container: "slowlog"))
            }
            guard let count = request.count == 3 ? integer(request[2]) : 10, count >= -1 else {
                return reply(
                    to: index, relayed: nil,
                    CommandError("ERR count should be greater than or equal to -1"))
            }
            return run(.slowLog(count: count < 0 ? .max : Int(count)), for: index, now: now)
        default:
            return reply(
                to: index, relayed: nil,
                UnknownCommand.subcommandError(for: request, container: "slowlog"))
        }
    }

    mutating func latency(
        _ request: borrowing Request, from index: Int, now: Moment
    ) -> Disposition {
        var words: [String] = []
        for position in 2..<max(2, request.count) { words.append(text(request[position])) }
        let seconds = now.wallMilliseconds / 1000
        switch text(request[1]).uppercased() {
        case "LATEST": return run(.latency(.latest), for: index, now: now)
        case "HISTORY": return run(.latency(.history(words[0])), for: index, now: now)
        case "GRAPH":
            return run(.latency(.graph(words[0], seconds: seconds)), for: index, now: now)
        case "DOCTOR": return run(.latency(.doctor(seconds: seconds)), for: index, now: now)
        case "RESET": return run(.resetLatency(words), for: index, now: now)
        case "HISTOGRAM": return run(.histograms(words), for: index, now: now)
        default:
            return reply(
                to: index, relayed: nil,
                UnknownCommand.subcommandError(for: request, container: "latency"))
        }
    }

    // MARK: Replies

    mutating func write(_ entries: [SlowEntry], count: Int) {
        let newest = entries.sorted { ($0.seconds, $0.id) > ($1.seconds, $1.id) }
            .prefix(min(count, admin.parameters.slowLogCount))
        writer.array(newest.count)
        for entry in newest {
            writer.array(6)
            writer.integer(Int64(entry.id))
            writer.integer(entry.seconds)
            writer.integer(entry.microseconds)
            writer.array(entry.arguments.count)
            for argument in entry.arguments { writer.bulk(argument) }
            writer.bulk(entry.address)
            writer.bulk(entry.name)
        }
    }

    mutating func write(_ monitor: LatencyMonitor, as question: LatencyQuestion) {
        switch question {
        case .latest:
            writer.array(monitor.seen.count)
            for (event, series) in monitor.seen {
                guard let last = series.samples.last else { continue }
                writer.array(4)
                writer.bulk(event.rawValue)
                writer.integer(last.seconds)
                writer.integer(last.milliseconds)
                writer.integer(series.highest)
            }
        case .history(let name):
            let samples = monitor[name]?.samples ?? []
            writer.array(samples.count)
            for sample in samples {
                writer.array(2)
                writer.integer(sample.seconds)
                writer.integer(sample.milliseconds)
            }
        case .graph(let name, let seconds):
            guard let series = monitor[name] else {
                return writer.error("ERR No samples available for event '\(name)'")
            }
            writer.verbatim(LatencyText.graph(name, series, now: seconds))
        case .doctor(let seconds):
            writer.verbatim(
                LatencyText.report(
                    monitor, thresholdMilliseconds: admin.parameters.latencyMilliseconds,
                    now: seconds))
        }
    }

    /// For each command, how many calls took no longer than each doubling of a microsecond; those where
    /// no call was added are left out, as Redis does.
    mutating func writeHistograms(_ calls: CommandCalls, of names: [String]) {
        let wanted = names.map { $0.lowercased() }
        let rows = calls.rows.filter { row in
            row.buckets.contains { $0 > 0 }
                && (wanted.isEmpty
                    || wanted.contains { row.name == $0 || row.name.hasPrefix($0 + "|") })
        }
        writer.map(rows.count)
        for row in rows {
            let steps = Self.octaves(row.buckets)
            writer.bulk(row.name)
            writer.map(2)
            writer.bulk("calls")
            writer.integer(Int64(steps.last?.sum ?? 0))
            writer.bulk("histogram_usec")
            writer.map(steps.count)
            for step in steps {
                writer.integer(Int64(step.microseconds))
                writer.integer(Int64(step.sum))
            }
        }
    }

    private static func octaves(
        _ buckets: ArraySlice<UInt64>
    ) -> [(microseconds: UInt64, sum: UInt64)] {
        var steps: [(microseconds: UInt64, sum: UInt64)] = []
        var sum: UInt64 = 0
        for place in 0..<LatencyBuckets.count {
            sum += buckets[buckets.startIndex + place]
            guard LatencyBuckets.octaves.contains(place), sum > (steps.last?.sum ?? 0) else {
                continue
            }
            steps.append(((LatencyBuckets.end(of: place) + 500) / 1000, sum))
        }
        return steps
    }

    // MARK: LOLWUT

    mutating func lolwut(_ request: borrowing Request) throws(CommandError) {
        if request.count >= 3, text(request[1]).uppercased() == "VERSION" {
            guard integer(request[2]) != nil else { throw .notInteger }
        }
        writer.verbatim(
            """
                    __
                 .-'  `-.__            a martlet never lands
            __.-'          `-._ __
            `-.___,-.    __,..-'  `'--
                     `\\_/ `
            Martlet ver. \(settings.serverVersion), for clients Redis ver. \(Self.redisVersion)

            """)
    }
}

/// What is asked of the samples of all loops.
package enum LatencyQuestion: Sendable {
    case latest
    case history(String)
    case graph(String, seconds: Int64)
    case doctor(seconds: Int64)
}
