/// What a loop has counted since it started.
package struct LoopStatistics: Equatable, Sendable {
    package var connections = 0
    /// Requests of clients that were neither refused before they began nor wait.
    package var commands = 0
    package var inputByteCount = 0
    package var outputByteCount = 0
    package var redirections = 0
    package var parked = 0
    /// Clients closed because they took nothing of much.
    package var stalledClients = 0
    package var refusals = 0
    /// Requests of clients that were answered `-UNCERTAIN`.
    package var unknownOutcomes = 0
    /// Requests of plain connections that were sent to the leaders of their shards, and requests that were
    /// refused and had to be sent again.
    package var forwards = 0
    package var forwardRefusals = 0
    /// Attempts of streams from elsewhere that were refused here.
    package var streamRefusals = 0
    package var peeks = 0
    package var leaseReads = 0
    package var roundReads = 0
    package var boundReads = 0
    package var tickReads = 0
    /// Of reads alone.
    package var keyspaceHits = 0
    package var keyspaceMisses = 0
    /// Of the shards that this node led then.
    package var expiredKeys = 0
    package var entriesApplied = 0
    package var commandsApplied = 0
    package var snapshotsTaken = 0
    package var snapshotsInstalled = 0
    /// Files of snapshots that were found damaged when they were to be sent.
    package var damagedSnapshots = 0
    package var truncations = 0
    package var elections = 0
    package var leadershipsLost = 0
    package var proposalsLost = 0
    package var badFrames = 0
    /// How often the disk became full, and hung.
    package var fullDisks = 0
    package var hungDisks = 0
    /// Writes, and reads that need an entry, refused for want of room.
    package var diskRefusals = 0
    /// Leaderships offered to others because of the disk.
    package var handovers = 0
    /// Comparisons of states in which a majority agreed with this node's, and replicas found to differ.
    package var stateChecks = 0
    package var stateDifferences = 0
    /// Of the loop's turns, in microseconds; `processor` is without what other threads took meanwhile.
    package var longestTurn = 0
    package var longestProcessorTurn = 0
    /// Turns over ``longTurnMicroseconds``.
    package var longTurns = 0
    package var longProcessorTurns = 0

    package static let longTurnMicroseconds = 5000

    package init() {}

    /// The same, but with what `CONFIG RESETSTAT` begins anew counted since it was `baseline`.
    func since(_ baseline: Self) -> Self {
        var rest = self
        rest.connections -= baseline.connections
        rest.commands -= baseline.commands
        rest.inputByteCount -= baseline.inputByteCount
        rest.outputByteCount -= baseline.outputByteCount
        rest.redirections -= baseline.redirections
        rest.forwards -= baseline.forwards
        rest.forwardRefusals -= baseline.forwardRefusals
        rest.unknownOutcomes -= baseline.unknownOutcomes
        rest.stalledClients -= baseline.stalledClients
        rest.keyspaceHits -= baseline.keyspaceHits
        rest.keyspaceMisses -= baseline.keyspaceMisses
        rest.expiredKeys -= baseline.expiredKeys
        return rest
    }
}
