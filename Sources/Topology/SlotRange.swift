package import Primitives

/// Neighbouring slots that one shard serves since one epoch.
package struct SlotRange: Equatable, Sendable {
    package var first: UInt16
    package var last: UInt16
    package var shard: GroupID
    /// The directory's epoch at which the shard got these slots.
    package var epoch: UInt64

    package init(first: UInt16, last: UInt16, shard: GroupID, epoch: UInt64) {
        precondition(first <= last && Int(last) < SlotID.count, "slots \(first) to \(last)")
        self.first = first
        self.last = last
        self.shard = shard
        self.epoch = epoch
    }

    package var slots: ClosedRange<UInt16> { first...last }
}
