package import Primitives

/// Where a request's keys are.
package struct DatabaseSlot: Equatable, Sendable {
    package var slot: SlotID
    package var database: DatabaseID

    /// Of what concerns no key.
    static let none = DatabaseSlot(sharded: SlotID(0))

    /// The slot of keys of the sharded keyspace.
    package init(sharded slot: SlotID) {
        self.slot = slot
        database = .sharded
    }

    package init(slot: SlotID, database: DatabaseID) {
        self.slot = slot
        self.database = database
    }
}
