import Primitives

/// What a loop knows of how its disk does.
struct DiskWatch: Sendable {
    /// When the disk last completed something, or had nothing to do.
    var lastProgress: Instant
    var lastTick: Instant
    /// What the journal needed and the disk had no room for.
    var refusal: DiskError?
    /// Since when there has been no room for entries, or the disk has done nothing.
    var fullSince: Instant?
    var stalledSince: Instant?
    /// When leaderships that could not be handed over are looked at again.
    var nextHandoverAt = Instant.zero
    /// Whether there was no room for the last snapshot.
    var isSnapshotRefused = false
    var snapshotRetryAt = Instant.zero

    init(now: Instant) {
        lastProgress = now
        lastTick = now
    }
}
