/// All commands, found by name in a few nanoseconds.
package struct CommandTable: Sendable {
    package static let standard = CommandTable(
        StringCommands.rows + KeyCommands.rows + ObjectCommands.rows + HashCommands.rows
            + SessionCommands.rows + AdminCommands.rows)

    /// The longest name there may be.
    private static let nameByteLimit = 24
    private static let bucketCount = 512

    /// A name in lower case.
    private struct PackedName: Equatable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var byteCount = 0

        var bucket: Int {
            let mixed = (first ^ second << 7 ^ third << 13) &* 0x9E37_79B9_7F4A_7C15
            return Int(mixed >> 55)
        }
    }

    private struct Bucket {
        var name = PackedName()
        /// -1 where the bucket is empty.
        var index = -1
    }

    private let commands: [Command]
    private var buckets: [Bucket]

    init(_ commands: [Command]) {
        precondition(commands.count * 2 < Self.bucketCount, "\(commands.count) commands")
        self.commands = commands
        buckets = Array(repeating: Bucket(), count: Self.bucketCount)
        for (index, command) in commands.enumerated() {
            guard let name = Self.pack([UInt8](command.name.utf8).span) else {
                preconditionFailure("the name \(command.name) is too long")
            }
            var bucket = name.bucket
            while buckets[bucket].index >= 0 {
                precondition(buckets[bucket].name != name, "two commands named \(command.name)")
                bucket = (bucket + 1) % Self.bucketCount
            }
            buckets[bucket] = Bucket(name: name, index: index)
        }
    }

    package var count: Int { commands.count }

    package subscript(index: Int) -> Command {
        _read { yield commands[index] }
    }

    // MARK: Hot path

    /// The index of the command that `name` names, whatever its case.
    package func find(_ name: Span<UInt8>) -> Int? {
        guard let packed = Self.pack(name) else { return nil }
        var bucket = packed.bucket
        while buckets[bucket].index >= 0 {
            if buckets[bucket].name == packed { return buckets[bucket].index }
            bucket = (bucket + 1) % Self.bucketCount
        }
        return nil
    }

    private static func pack(_ name: Span<UInt8>) -> PackedName? {
        guard 1...nameByteLimit ~= name.count else { return nil }
        var packed = PackedName()
        packed.byteCount = name.count
        packed.first = word(of: name, from: 0)
        if name.count > 8 { packed.second = word(of: name, from: 8) }
        if name.count > 16 { packed.third = word(of: name, from: 16) }
        return packed
    }

    private static func word(of name: Span<UInt8>, from start: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in start..<min(start + 8, name.count) {
            word = word << 8 | UInt64(lowercased(name[index]))
        }
        return word
    }
}
