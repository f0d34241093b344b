package import Primitives

/// The protocol a connection speaks: RESP2 until `HELLO 3`.
package enum RESPVersion: UInt8, Sendable {
    case two = 2
    case three = 3
}

/// Writes replies in either version of RESP, appending to ``bytes``.
///
/// Aggregates are written as their header; the caller then writes as many elements as it said.
package struct ReplyWriter: ~Copyable, Sendable {
    package var bytes: [UInt8]
    package var version: RESPVersion
    /// Whether replies are thrown away: a follower applies without a client to answer.
    package private(set) var isDiscarding: Bool
    /// The most bytes that ``bytes`` may have: a few hundred bytes of request must not be able to fill the
    /// memory by naming a large value again and again.
    package var byteLimit = Int.max
    /// Whether a string was left out, since with it ``bytes`` would have had more than ``byteLimit``:
    /// ended by ``replaceTooLong(by:)``.
    package private(set) var isTooLong = false
    /// Where the reply begins in ``bytes``.
    package private(set) var replyStart = 0
    /// Whether errors are counted: those of the parts of a client's request are not, but what it is answered.
    package private(set) var countsErrors = true
    /// How many errors have been written.
    package private(set) var errorCount = 0
    /// The same by their first words, since ``resetErrorCounts()``.
    package private(set) var errorCounts = SortedMap<String, Int>()

    package init(version: RESPVersion = .two, isDiscarding: Bool = false) {
        bytes = []
        self.version = version
        self.isDiscarding = isDiscarding
    }

    /// Gets ready for a reply. Nothing of the one before holds on, so that nothing has to be set back.
    package mutating func begin(
        version: RESPVersion, isDiscarding: Bool = false, countsErrors: Bool = true
    ) {
        self.version = version
        self.isDiscarding = isDiscarding
        self.countsErrors = countsErrors
        replyStart = bytes.count
        isTooLong = false
    }

    /// The reply begins behind others', which are in ``bytes`` now.
    package mutating func beginReply() { replyStart = bytes.count }

    // MARK: Hot path

    package mutating func ok() {
        if isDiscarding { return }
        let reply: InlineArray<5, UInt8> = [0x2B, 0x4F, 0x4B, 0x0D, 0x0A]
        bytes.append(copying: reply.span)
    }

    package mutating func null() {
        if isDiscarding { return }
        if version == .two { minusOne("$") } else { nullOfThree() }
    }

    /// The null that stands for a missing array: `*-1` in RESP2.
    package mutating func nullArray() {
        if isDiscarding { return }
        if version == .two { minusOne("*") } else { nullOfThree() }
    }

    private mutating func minusOne(_ type: Unicode.Scalar) {
        let reply: InlineArray<5, UInt8> = [UInt8(ascii: type), 0x2D, 0x31, 0x0D, 0x0A]
        bytes.append(copying: reply.span)
    }

    private mutating func nullOfThree() {
        bytes.append(UInt8(ascii: "_"))
        endLine()
    }

    package mutating func integer(_ value: Int64) { header(":", value) }

    package mutating func integer(_ value: Int) { header(":", Int64(value)) }

    package mutating func bulk(_ value: Span<UInt8>) {
        if isDiscarding { return }
        guard bytes.count + value.count <= byteLimit else {
            isTooLong = true
            return
        }
        header("$", Int64(value.count))
        bytes.append(copying: value)
        endLine()
    }

    package mutating func bulk(_ value: [UInt8]) { bulk(value.span) }

    package mutating func bulk(_ text: String) { bulk([UInt8](text.utf8).span) }

    // MARK: Aggregates

    package mutating func array(_ count: Int) { header("*", Int64(count)) }

    /// The header of `count` pairs: a map in RESP3, an array twice as long in RESP2.
    package mutating func map(_ count: Int) {
        if version == .two { array(count * 2) } else { header("%", Int64(count)) }
    }

    package mutating func set(_ count: Int) {
        if version == .two { array(count) } else { header("~", Int64(count)) }
    }

    package mutating func push(_ count: Int) {
        if version == .two { array(count) } else { header(">", Int64(count)) }
    }

    // MARK: Other types

    /// A status such as `+PONG`.
    package mutating func simple(_ text: String) { line("+", text) }

    /// An error: `text` begins with its code, as in `ERR syntax error`. CR and LF become spaces.
    package mutating func error(_ text: String) {
        if isDiscarding { return }
        if countsErrors { countError(text) }
        bytes.append(UInt8(ascii: "-"))
        for byte in text.utf8 { bytes.append(byte == 0x0D || byte == 0x0A ? 0x20 : byte) }
        endLine()
    }

    private mutating func countError(_ text: String) {
        errorCount += 1
        let code = String(text.prefix { $0 != " " })
        if errorCounts.count < errorCodeLimit || errorCounts[code] != nil {
            errorCounts[code, default: 0] += 1
        }
    }

    package mutating func resetErrorCounts() { errorCounts.removeAll() }

    /// Takes back what was written of the reply.
    package mutating func dropReply() {
        bytes.removeSubrange(replyStart...)
        isTooLong = false
    }

    /// Replaces a reply that is too long by an error.
    package mutating func replaceTooLong(by text: String) {
        isTooLong = false
        // Its memory is not kept for the short ones that follow.
        var kept: [UInt8] = []
        kept.append(copying: bytes.span.extracting(0..<replyStart))
        bytes = kept
        error(text)
    }

    /// A number that RESP2 writes as a bulk string; `text` is its shortest exact form.
    package mutating func double(_ text: String) {
        if version == .two { bulk(text) } else { line(",", text) }
    }

    package mutating func boolean(_ value: Bool) {
        if version == .two { integer(value ? 1 : 0) } else { line("#", value ? "t" : "f") }
    }

    /// Text in a form that a program shows as it is; `format` is three letters, such as `txt`.
    package mutating func verbatim(_ text: String, format: String = "txt") {
        if version == .two { return bulk(text) }
        if isDiscarding { return }
        let body = [UInt8](text.utf8)
        header("=", Int64(body.count + 4))
        bytes.append(contentsOf: "\(format):".utf8)
        bytes.append(contentsOf: body)
        endLine()
    }

    /// Bytes that are a whole reply already.
    package mutating func raw(_ reply: [UInt8]) {
        if !isDiscarding { bytes.append(contentsOf: reply) }
    }

    /// The same for bytes that are borrowed.
    package mutating func raw(_ reply: Span<UInt8>) {
        if !isDiscarding { bytes.append(copying: reply) }
    }

    private mutating func line(_ type: Unicode.Scalar, _ text: String) {
        if isDiscarding { return }
        bytes.append(UInt8(ascii: type))
        bytes.append(contentsOf: text.utf8)
        endLine()
    }

    private mutating func header(_ type: Unicode.Scalar, _ value: Int64) {
        if isDiscarding { return }
        bytes.append(UInt8(ascii: type))
        bytes.append(decimal: value)
        endLine()
    }

    private mutating func endLine() {
        bytes.append(0x0D)
        bytes.append(0x0A)
    }
}

extension [UInt8] {
    /// Appends `value` in decimal.
    package mutating func append(decimal value: Int64) {
        if 0...9 ~= value { return append(UInt8(ascii: "0") + UInt8(value)) }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        var rest = value.magnitude
        while rest > 0 {
            first -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            digits[first] = UInt8(ascii: "0") + UInt8(digit)
            rest = quotient
        }
        if value < 0 { append(UInt8(ascii: "-")) }
        for index in first..<20 { append(digits[index]) }
    }
}

/// How many kinds of errors are counted apart.
private let errorCodeLimit = 128
