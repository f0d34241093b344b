import Primitives

/// Turns a line that a person typed into a request (Redis: "Inline commands"; quoting as in
/// `sdssplitargs`).
package enum InlineCommand {
    /// The request that `line` asks for, as a RESP array of bulk strings.
    ///
    /// - Throws: ``RequestError/unbalancedQuotes`` when a quote is not closed, or is closed in the
    ///   middle of a word.
    package static func request(from line: Span<UInt8>) throws(RequestError) -> [UInt8] {
        let words = try split(line)
        var request = [UInt8]("*\(words.count)\r\n".utf8)
        for word in words {
            request.append(contentsOf: "$\(word.count)\r\n".utf8)
            request.append(contentsOf: word)
            request.append(contentsOf: [0x0D, 0x0A])
        }
        return request
    }

    private static func split(_ line: Span<UInt8>) throws(RequestError) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var position = 0
        while true {
            while position < line.count, isSpace(line[position]) { position += 1 }
            guard position < line.count else { return words }
            words.append(try word(in: line, at: &position))
        }
    }

    private static func word(
        in line: Span<UInt8>, at position: inout Int
    ) throws(RequestError) -> [UInt8] {
        var word: [UInt8] = []
        while position < line.count, !isSpace(line[position]) {
            switch line[position] {
            case UInt8(ascii: "\""):
                try doubleQuoted(in: line, at: &position, into: &word)
                return word
            case UInt8(ascii: "'"):
                try singleQuoted(in: line, at: &position, into: &word)
                return word
            default:
                word.append(line[position])
                position += 1
            }
        }
        return word
    }

    private static func doubleQuoted(
        in line: Span<UInt8>, at position: inout Int, into word: inout [UInt8]
    ) throws(RequestError) {
        position += 1
        while position < line.count {
            let byte = line[position]
            if byte == UInt8(ascii: "\"") {
                return try closeQuote(in: line, at: &position)
            }
            if byte == UInt8(ascii: "\\"), position + 3 < line.count,
                line[position + 1] == UInt8(ascii: "x"),
                let high = hexDigit(line[position + 2]), let low = hexDigit(line[position + 3])
            {
                word.append(high << 4 | low)
                position += 4
            } else if byte == UInt8(ascii: "\\"), position + 1 < line.count {
                word.append(escaped(line[position + 1]))
                position += 2
            } else {
                word.append(byte)
                position += 1
            }
        }
        throw .unbalancedQuotes
    }

    private static func singleQuoted(
        in line: Span<UInt8>, at position: inout Int, into word: inout [UInt8]
    ) throws(RequestError) {
        position += 1
        while position < line.count {
            let byte = line[position]
            if byte == UInt8(ascii: "'") { return try closeQuote(in: line, at: &position) }
            if byte == UInt8(ascii: "\\"), position + 1 < line.count,
                line[position + 1] == UInt8(ascii: "'")
            {
                position += 1
            }
            word.append(line[position])
            position += 1
        }
        throw .unbalancedQuotes
    }

    /// A closing quote must end the word.
    private static func closeQuote(
        in line: Span<UInt8>, at position: inout Int
    ) throws(RequestError) {
        position += 1
        if position < line.count, !isSpace(line[position]) { throw .unbalancedQuotes }
    }

    private static func escaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "a"): 0x07
        default: byte
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
