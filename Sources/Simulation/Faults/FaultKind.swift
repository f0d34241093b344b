/// The kinds of trouble that a seed may draw.
package enum FaultKind: UInt8, CaseIterable, Sendable {
    // The network.
    case loss
    case duplicationAndReordering
    case delay
    case isolation
    case split
    case oneWayCut
    /// Clients lose their connections in the middle of what they do.
    case clientCut

    // Processes and machines.
    case crash
    case crashOfSeveral
    case pause
    case powerCut
    case powerCutOfSeveral
    case powerCutOfAll
    /// One node after the other is crashed and started again, faster than leaders settle.
    case rollingCrashes
    /// Whoever leads one group is crashed as soon as it leads.
    case leaderHunt

    // Disks.
    case failedSync
    case slowDisk
    /// A machine comes back with empty disks, as a new node that takes the old one's place.
    case wipedDisks
    /// Disks have no room for a while.
    case fullDisk
    /// Disks do nothing for a while, and then go on.
    case hungDisk

    // Clocks.
    case clockStep
    /// Wall clocks step, then every machine boots anew and has nothing else to go by.
    case powerCutWithWrongClocks

    // What only a certain order of troubles brings out.
    /// Leaderships are handed over while the old leader stops hearing the others.
    case transferThenDeafness
    /// The directory's voters change while the network splits.
    case membershipThenSplit
    /// A replica lags, another loses its power, and the one that knows better is cut off.
    case lagThenPowerCut
    /// Keys expire while no disk finishes a write; then every machine boots anew with a wall clock
    /// that went back, so that the shard clock goes on from the last stamps on disk.
    case expiryThenReboot

    // Disks that don't keep what they have confirmed.
    /// A byte of a file that was durable changes.
    case bitRot
    /// A write lands elsewhere on the machine, and its place keeps what it had.
    case misdirectedWrite
    /// A write was confirmed and never made.
    case lostWrite
}
