/// The highest stamp that a peer or a disk may name, in milliseconds since the epoch: in the year 2248.
/// In nanoseconds it still fits 64 bits, with room for years to pass.
package let highestStamp: Int64 = 1 << 43

/// The highest term, place in a log, or other running number that they may name: far above what is ever
/// reached, and far below where counting on would overflow.
package let highestCount: UInt64 = 1 << 62

extension ByteReader {
    /// A term; one that elections could not be counted on from is refused.
    package mutating func readTerm(_ what: String) throws(DecodingFailure) -> Term {
        Term(try readCount(what))
    }

    /// A place in a log; one that entries could not be counted on from is refused.
    package mutating func readIndex(_ what: String) throws(DecodingFailure) -> LogIndex {
        LogIndex(try readCount(what))
    }

    private mutating func readCount(_ what: String) throws(DecodingFailure) -> UInt64 {
        let start = offset
        let count = try read(UInt64.self, what)
        guard count <= highestCount else { throw DecodingFailure(what: what, offset: start) }
        return count
    }

    /// A shard clock's stamp, or a difference of two; one that no such clock shows is refused.
    package mutating func readStamp(_ what: String) throws(DecodingFailure) -> Int64 {
        let start = offset
        let stamp = try read(Int64.self, what)
        guard 0...highestStamp ~= stamp else {
            throw DecodingFailure(what: what, offset: start)
        }
        return stamp
    }
}

extension Term {
    /// Whether a reader takes the term.
    package var isReadable: Bool { rawValue <= highestCount }
}

extension LogIndex {
    /// Whether a reader takes the place.
    package var isReadable: Bool { rawValue <= highestCount }
}
