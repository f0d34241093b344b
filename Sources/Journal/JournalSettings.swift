package import Primitives

/// How one journal keeps its records.
package struct JournalSettings: Equatable, Sendable {
    /// The size of a segment file; one that needs more room gets a size of its own.
    package var segmentByteCount: Int
    package var durability: Durability
    /// Up to this many bytes of each group's newest entries are kept in memory, to be copied forward.
    package var heldByteCount: Int
    /// At most this many bytes are copied forward at the start of one segment.
    package var carriedByteCount: Int
    package var fault: JournalFault?

    /// - Parameters:
    ///   - segmentByteCount: At least 4096, and a multiple of 8.
    ///   - durability: When a batch counts as durable.
    ///   - heldByteCount: A sixty-fourth of a segment when `nil`.
    ///   - carriedByteCount: A sixteenth of a segment when `nil`.
    ///   - fault: The bug that a test plants.
    package init(
        segmentByteCount: Int = 64 << 20, durability: Durability = .sync,
        heldByteCount: Int? = nil, carriedByteCount: Int? = nil, fault: JournalFault? = nil
    ) {
        precondition(
            segmentByteCount >= 4096 && segmentByteCount % 8 == 0,
            "a segment of \(segmentByteCount) bytes")
        self.segmentByteCount = segmentByteCount
        self.durability = durability
        self.heldByteCount = heldByteCount ?? segmentByteCount / 64
        self.carriedByteCount = carriedByteCount ?? segmentByteCount / 16
        self.fault = fault
    }
}

extension JournalSettings {
    /// What is left of a segment to votes, terms and truncations when there is no next one: about as much
    /// as a makeshift segment takes.
    package var reserveByteCount: Int { segmentByteCount / JournalLimits.reserveShare }
}

/// The numbers that bound what a journal does.
enum JournalLimits {
    /// Segments that may exist on top of what live entries need before old ones are cleared.
    static let slackSegmentCount = 4
    /// Bytes on disk for each live byte before old segments are cleared.
    static let liveFactor = 2
    /// How often unsynced writes are synced in periodic mode.
    static let syncIntervalMilliseconds = 1000
    /// How long after a start a spare segment is made.
    static let spareDelayMilliseconds = 10_000
    /// What is read of a segment at first, to see what it is.
    static let surveyedByteCount = 64 << 10
    /// The longest explanation of a quarantine.
    static let quarantineTextByteCount = 512
    /// This part of a segment is left to votes, terms and truncations when there is no next one.
    static let reserveShare = 4
    /// A makeshift segment has this part of a whole one left for votes, terms and truncations.
    static let makeshiftShare = 16
    /// How long until the disk is asked again for what it had no room for.
    static let retryMilliseconds = 200
    /// The largest record, payload included, that the format can hold.
    static let recordByteCount = Int(UInt32.max >> 1)
}
