package import Node

/// How often rare paths were reached in a run, or in many.
package struct Marks: Equatable, Sendable {
    package var elections = 0
    package var crashes = 0
    package var powerCuts = 0
    package var snapshotsTaken = 0
    package var snapshotsInstalled = 0
    package var truncations = 0
    package var leadershipsLost = 0
    package var proposalsLost = 0
    package var parked = 0
    package var redirections = 0
    /// Requests of plain clients that went to another loop or node, and those sent again after a refusal.
    package var forwards = 0
    package var resentForwards = 0
    package var refusals = 0
    package var unknownOutcomes = 0
    package var peeks = 0
    package var leaseReads = 0
    package var roundReads = 0
    package var boundReads = 0
    package var tickReads = 0
    package var jointConfigurations = 0
    package var transfers = 0
    package var recycledSegments = 0
    package var tornTails = 0
    package var amnesiacStarts = 0
    package var failedSyncs = 0
    package var fullDisks = 0
    package var hungDisks = 0
    /// Writes refused for want of room.
    package var diskRefusals = 0
    /// Leaderships offered to others because of a disk.
    package var handovers = 0
    /// Parts of snapshots written into the room kept for them.
    package var reserveUses = 0
    /// Segments made on full disks, of the same room.
    package var makeshiftSegments = 0
    package var allowedLosses = 0
    package var joinedNodes = 0
    /// Replicas that became unusable, and those that were made anew.
    package var quarantines = 0
    package var rebuilds = 0
    /// Replicas whose states were spoilt, comparisons in which a majority agreed with a replica, and those
    /// found to differ.
    package var spoiltReplicas = 0
    package var stateChecks = 0
    package var stateDifferences = 0
    /// Nodes whose places others have taken.
    package var replacements = 0
    /// Votes that were on disk after a restart in the same term.
    package var votesKept = 0
    /// How often a shard clock was found to show the same at the same index.
    package var equalStamps = 0
    /// Leaders that were elected, and commits, under a joint configuration.
    package var jointElections = 0
    package var jointCommits = 0
    /// Bytes that rotted, writes that landed elsewhere, and writes that were confirmed and never made.
    package var rottenBytes = 0
    package var misdirectedWrites = 0
    package var lostWrites = 0
    /// Snapshot files that were found damaged on their way to a follower, and taken anew.
    package var damagedSnapshots = 0
    /// Acknowledged entries that were looked for on disk after a restart.
    package var acknowledgementsKept = 0
    /// Runs of a cluster of seven nodes.
    package var largeClusters = 0

    package init() {}

    /// Name and count of each, in a fixed order.
    package var all: [(name: String, count: Int)] {
        [
            ("elections", elections), ("crashes", crashes), ("power cuts", powerCuts),
            ("snapshots taken", snapshotsTaken), ("snapshots installed", snapshotsInstalled),
            ("truncations", truncations), ("leaderships lost", leadershipsLost),
            ("proposals lost", proposalsLost), ("parked", parked),
            ("redirections", redirections), ("forwarded requests", forwards),
            ("forwarded requests sent again", resentForwards), ("refusals", refusals),
            ("unknown outcomes", unknownOutcomes), ("peeks", peeks),
            ("lease reads", leaseReads), ("round reads", roundReads),
            ("bound reads", boundReads), ("tick reads", tickReads),
            ("joint configurations", jointConfigurations), ("transfers", transfers),
            ("recycled segments", recycledSegments), ("torn tails", tornTails),
            ("amnesiac starts", amnesiacStarts), ("failed syncs", failedSyncs),
            ("full disks", fullDisks), ("hung disks", hungDisks),
            ("disk refusals", diskRefusals), ("handovers", handovers),
            ("uses of the snapshot reserve", reserveUses),
            ("makeshift segments", makeshiftSegments),
            ("allowed losses", allowedLosses), ("joined nodes", joinedNodes),
            ("quarantines", quarantines), ("rebuilds", rebuilds), ("replacements", replacements),
            ("spoilt replicas", spoiltReplicas), ("state checks", stateChecks),
            ("state differences", stateDifferences),
            ("votes kept", votesKept), ("equal stamps", equalStamps),
            ("joint elections", jointElections), ("joint commits", jointCommits),
            ("rotten bytes", rottenBytes), ("misdirected writes", misdirectedWrites),
            ("lost writes", lostWrites), ("damaged snapshots", damagedSnapshots),
            ("acknowledgements kept", acknowledgementsKept), ("large clusters", largeClusters),
        ]
    }

    /// Those that were never reached.
    package var missing: [String] { all.filter { $0.count == 0 }.map(\.name) }

    package mutating func add(_ statistics: LoopStatistics) {
        elections += statistics.elections
        snapshotsTaken += statistics.snapshotsTaken
        snapshotsInstalled += statistics.snapshotsInstalled
        truncations += statistics.truncations
        leadershipsLost += statistics.leadershipsLost
        proposalsLost += statistics.proposalsLost
        parked += statistics.parked
        redirections += statistics.redirections
        forwards += statistics.forwards
        resentForwards += statistics.forwardRefusals
        refusals += statistics.refusals
        unknownOutcomes += statistics.unknownOutcomes
        peeks += statistics.peeks
        leaseReads += statistics.leaseReads
        roundReads += statistics.roundReads
        boundReads += statistics.boundReads
        tickReads += statistics.tickReads
        fullDisks += statistics.fullDisks
        hungDisks += statistics.hungDisks
        diskRefusals += statistics.diskRefusals
        handovers += statistics.handovers
        stateChecks += statistics.stateChecks
        stateDifferences += statistics.stateDifferences
        damagedSnapshots += statistics.damagedSnapshots
    }

    package static func += (left: inout Self, right: Self) {
        left.elections += right.elections
        left.crashes += right.crashes
        left.powerCuts += right.powerCuts
        left.snapshotsTaken += right.snapshotsTaken
        left.snapshotsInstalled += right.snapshotsInstalled
        left.truncations += right.truncations
        left.leadershipsLost += right.leadershipsLost
        left.proposalsLost += right.proposalsLost
        left.parked += right.parked
        left.redirections += right.redirections
        left.forwards += right.forwards
        left.resentForwards += right.resentForwards
        left.refusals += right.refusals
        left.unknownOutcomes += right.unknownOutcomes
        left.peeks += right.peeks
        left.leaseReads += right.leaseReads
        left.roundReads += right.roundReads
        left.boundReads += right.boundReads
        left.tickReads += right.tickReads
        left.jointConfigurations += right.jointConfigurations
        left.transfers += right.transfers
        left.recycledSegments += right.recycledSegments
        left.tornTails += right.tornTails
        left.amnesiacStarts += right.amnesiacStarts
        left.failedSyncs += right.failedSyncs
        left.fullDisks += right.fullDisks
        left.hungDisks += right.hungDisks
        left.diskRefusals += right.diskRefusals
        left.handovers += right.handovers
        left.reserveUses += right.reserveUses
        left.makeshiftSegments += right.makeshiftSegments
        left.allowedLosses += right.allowedLosses
        left.joinedNodes += right.joinedNodes
        left.quarantines += right.quarantines
        left.rebuilds += right.rebuilds
        left.replacements += right.replacements
        left.spoiltReplicas += right.spoiltReplicas
        left.stateChecks += right.stateChecks
        left.stateDifferences += right.stateDifferences
        left.votesKept += right.votesKept
        left.equalStamps += right.equalStamps
        left.jointElections += right.jointElections
        left.jointCommits += right.jointCommits
        left.rottenBytes += right.rottenBytes
        left.misdirectedWrites += right.misdirectedWrites
        left.lostWrites += right.lostWrites
        left.damagedSnapshots += right.damagedSnapshots
        left.acknowledgementsKept += right.acknowledgementsKept
        left.largeClusters += right.largeClusters
    }
}
