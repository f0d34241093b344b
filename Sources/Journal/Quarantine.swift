import Primitives

/// Why a replica can't be trusted any more. It never votes or acknowledges again, through restarts too,
/// until it is removed (design §7).
package struct Quarantine: Equatable, Sendable {
    /// The file that is damaged; `nil` when none is to blame.
    package let file: JournalFile?
    /// Where in the file the damage begins.
    package let offset: Int
    /// How many bytes can't be trusted; 0 when the file is gone or can't be read.
    package let byteCount: Int
    /// What is wrong, for the log; cut at 512 bytes.
    package let what: String

    package init(
        file: JournalFile? = nil, offset: Int = 0, byteCount: Int = 0, what: String
    ) {
        precondition(offset >= 0 && byteCount >= 0, "\(byteCount) bytes at offset \(offset)")
        self.file = file
        self.offset = offset
        self.byteCount = byteCount
        self.what = Self.shortened(what)
    }

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > JournalLimits.quarantineTextByteCount else { return text }
        var short = ""
        for character in text.unicodeScalars {
            let byteCount = short.utf8.count + String(character).utf8.count
            guard byteCount <= JournalLimits.quarantineTextByteCount else { break }
            short.unicodeScalars.append(character)
        }
        return short
    }

    // MARK: On disk

    /// How many bytes ``encode(into:)`` appends.
    var encodedByteCount: Int { 8 + 8 + 4 + (file?.name.utf8.count ?? 0) + what.utf8.count }

    /// Offset and byte count, 8 bytes each, the file's name behind its length, and the text up to the
    /// end of the record.
    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt64(offset))
        bytes.append(littleEndian: UInt64(byteCount))
        bytes.append(sized: file?.name ?? "")
        bytes.append(contentsOf: what.utf8)
    }

    /// Takes all that `reader` has left.
    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        let start = reader.offset
        guard let offset = Int(exactly: try reader.read(UInt64.self, "damage offset")),
            let byteCount = Int(exactly: try reader.read(UInt64.self, "damage byte count"))
        else { throw DecodingFailure(what: "the place of a damage", offset: start) }
        let nameByteCount = Int(try reader.read(UInt32.self, "file name"))
        let name = String(
            decoding: try reader.readBytes(nameByteCount, "file name"), as: UTF8.self)
        let file = JournalFile(name: name)
        guard file != nil || name.isEmpty else {
            throw DecodingFailure(what: "file name", offset: start)
        }
        let what = try reader.readBytes(reader.remainingByteCount, "damage")
        self.init(
            file: file, offset: offset, byteCount: byteCount,
            what: String(decoding: what, as: UTF8.self))
    }
}

extension Quarantine: CustomStringConvertible {
    package var description: String {
        guard let file else { return what }
        guard byteCount > 0 else { return "\(file): \(what)" }
        return "\(file), \(byteCount) bytes at offset \(offset): \(what)"
    }
}
