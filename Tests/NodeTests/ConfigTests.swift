import Node
import Primitives
import Testing
import Topology

@Suite("CONFIG") struct ConfigTests {
    private func founded(_ adjust: (inout LoopSettings) -> Void = { _ in }) throws -> LoopRig {
        let rig = try LoopRig(adjust: adjust)
        rig.found()
        return rig
    }

    /// Does what the home does with the last change that a loop asked for, and lets the directory have it.
    private func carryOut(_ rig: LoopRig, number: UInt64) {
        guard let (ticket, values) = rig.changes.last else { return }
        let mark = ParameterChangeMark(process: 1, number: number)
        rig.post(
            .proposeDirectory(
                .setParameters(
                    ParameterChange(node: LoopRig.node, mark: mark, values: values))), to: 0)
        rig.advance(milliseconds: 100)
        rig.post(.parametersChanged(ticket: ticket, epoch: rig.directoryEpoch), to: 0)
    }

    @Test("SET is answered once this loop goes by it, and what follows it waits") func order()
        throws
    {
        let rig = try founded()
        let client = rig.connect()
        #expect(
            rig.run(
                [
                    ["CONFIG", "SET", "TIMEOUT", "7", "maxmemory", "1kb"],
                    ["CONFIG", "GET", "timeout"],
                ], on: client) == "")
        let change = try #require(rig.changes.last)
        #expect(
            change.values == [ParameterValue("maxmemory", "1024"), ParameterValue("timeout", "7")])
        // The home is ahead of this loop: the answer waits for the directory.
        rig.post(.parametersChanged(ticket: change.ticket, epoch: rig.directoryEpoch + 1), to: 0)
        #expect(rig.takeReceived(client.id) == "")
        carryOut(rig, number: 1)
        rig.advance(milliseconds: 20)
        #expect(
            rig.takeReceived(client.id) == "+OK\r\n*2\r\n$7\r\ntimeout\r\n$1\r\n7\r\n")
    }

    @Test("a change that could not be made says so") func refused() throws {
        let rig = try founded()
        let client = rig.connect()
        #expect(rig.run([["CONFIG", "SET", "timeout", "7"], ["PING"]], on: client) == "")
        let ticket = try #require(rig.changes.last).ticket
        rig.post(.parametersRefused(ticket: ticket, "UNCERTAIN who knows"), to: 0)
        rig.advance(milliseconds: 20)
        #expect(rig.takeReceived(client.id) == "-UNCERTAIN who knows\r\n+PONG\r\n")
        #expect(rig.counters().unknownOutcomes == 1)
    }

    @Test("a client that is gone gets no answer, and nobody else gets it") func gone() throws {
        let rig = try founded()
        let client = rig.connect()
        _ = rig.run([["CONFIG", "SET", "timeout", "0"]], on: client)
        rig.disconnect(client)
        let other = rig.connect()
        carryOut(rig, number: 1)
        #expect(rig.takeReceived(other.id) == "")
        #expect(rig.run([["PING"]], on: other) == "+PONG\r\n")
    }

    @Test("what is so for good can be set to that only") func settled() throws {
        let rig = try founded()
        let client = rig.connect()
        #expect(rig.run([["CONFIG", "SET", "appendonly", "yes"]], on: client) == "+OK\r\n")
        #expect(
            rig.run([["CONFIG", "SET", "appendonly", "no"]], on: client)
                == "-ERR CONFIG SET failed (possibly related to argument 'appendonly') - it can't be "
                + "changed while the node runs\r\n")
        #expect(rig.changes.isEmpty)
        #expect(
            rig.run([["CONFIG", "GET", "port"]], on: client)
                == "*2\r\n$4\r\nport\r\n$4\r\n7000\r\n")
    }

    @Test("proto-max-bulk-len bounds an argument, and the file's limit is what it was at first")
    func bulkLength() throws {
        let rig = try founded { $0.requestLimits.bulkByteCount = 3 << 20 }
        let client = rig.connect()
        let large = resp(["ECHO", String(repeating: "x", count: 2 << 20)])
        #expect(rig.send(large, on: client).hasPrefix("$2097152\r\n"))
        #expect(
            rig.run([["CONFIG", "GET", "proto-max-bulk-len"]], on: client)
                .hasSuffix("$7\r\n3145728\r\n"))
        _ = rig.run([["CONFIG", "SET", "proto-max-bulk-len", "1mb"]], on: client)
        carryOut(rig, number: 1)
        #expect(rig.takeReceived(client.id) == "+OK\r\n")
        #expect(rig.send(large, on: client) == "-ERR Protocol error: invalid bulk length\r\n")
    }

    @Test("hash-max-listpack-* and their older names bound the hashes in one block")
    func compactHashes() throws {
        let rig = try founded()
        let client = rig.connect()
        func encoding(of key: String) -> String {
            rig.run([["OBJECT", "ENCODING", key]], on: client)
        }
        func set(_ name: String, _ value: String, number: UInt64) {
            _ = rig.run([["CONFIG", "SET", name, value]], on: client)
            carryOut(rig, number: number)
            #expect(rig.takeReceived(client.id) == "+OK\r\n")
        }
        let (compact, spread) = ("$8\r\nlistpack\r\n", "$9\r\nhashtable\r\n")
        _ = rig.run([["HSET", "h", "a", "1", "b", "2", "c", "3"]], on: client)
        #expect(encoding(of: "h") == compact)
        set("hash-max-ziplist-entries", "2", number: 1)
        #expect(encoding(of: "h") == compact)
        _ = rig.run([["HSET", "h", "a", "4"], ["HSET", "i", "a", "1", "b", "2"]], on: client)
        #expect(encoding(of: "h") == spread)
        #expect(encoding(of: "i") == compact)
        set("hash-max-listpack-value", "3", number: 2)
        _ = rig.run([["HSET", "i", "a", "1234"]], on: client)
        #expect(encoding(of: "i") == spread)
        #expect(
            rig.run([["HMGET", "i", "a", "b"]], on: client)
                == "*2\r\n$4\r\n1234\r\n$1\r\n2\r\n")
    }

    @Test("new shards, and those of a node that starts, make hashes by the parameters")
    func newShards() throws {
        let rig = try LoopRig()
        rig.found(parameters: [ParameterValue("hash-max-listpack-entries", "2")])
        let hashes = [
            ["HSET", "h", "a", "1", "b", "2"], ["HSET", "i", "a", "1", "b", "2", "c", "3"],
        ]
        let encodings = [["OBJECT", "ENCODING", "h"], ["OBJECT", "ENCODING", "i"]]
        let expected = "$8\r\nlistpack\r\n$9\r\nhashtable\r\n"
        let client = rig.connect()
        #expect(rig.run(hashes + encodings, on: client) == ":2\r\n:3\r\n" + expected)
        let again = try LoopRig(folders: rig.folders)
        again.advance(milliseconds: 3000)
        #expect(again.run(encodings, on: again.connect()) == expected)
    }

    @Test("timeout closes who asks for nothing, and no one who waits") func timeout() throws {
        let rig = try founded()
        let idle = rig.connect()
        let waiting = rig.connect()
        _ = rig.run([["CONFIG", "SET", "timeout", "2"]], on: idle)
        carryOut(rig, number: 1)
        let busy = rig.connect()
        rig.isDiskSlow = true
        _ = rig.run([["SET", "{b}", "1"]], on: waiting)
        for _ in 0..<4 {
            rig.advance(milliseconds: 1000)
            #expect(rig.run([["PING"]], on: busy) == "+PONG\r\n")
        }
        #expect(rig.closed == [idle.id])
    }

    @Test("RESETSTAT begins the counts anew on every loop", arguments: [1, 2])
    func resetStatistics(loops: Int) throws {
        let rig = try LoopRig(folders: (0..<loops).map { _ in MemoryFolder() })
        rig.found()
        let client = rig.connect()
        let other = rig.connect(loop: loops - 1)
        for _ in 0..<3 { _ = rig.run([["PING"], ["NOSUCH"]], on: other) }
        #expect(rig.run([["CONFIG", "RESETSTAT"]], on: client) == "+OK\r\n")
        let reply = rig.run([["INFO", "stats"]], on: client)
        #expect(reply.contains("total_commands_processed:1\r\n"))
        #expect(reply.contains("total_error_replies:0\r\n"))
        #expect(reply.contains("total_connections_received:0\r\n"))
    }
}
