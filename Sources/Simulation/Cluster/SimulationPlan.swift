package import Consensus
import Journal
package import Primitives

/// What a seed is: everything that is drawn before its first event.
package struct SimulationPlan: Sendable {
    package struct Fault: Sendable {
        package var kind: FaultKind
        /// When it begins, counted from when the cluster is formed.
        package var time: UInt64
    }

    package var seed: UInt64
    package var nodeCount: Int
    package var loopCount: Int
    package var shardCount: Int
    package var replicationFactor: Int
    /// How many nodes are in the list of seeds; the others join.
    package var seedNodeCount: Int
    package var durability: Durability
    /// Whether the directory's voters change during the run.
    package var changesMembers: Bool
    package var raft: RaftSettings
    package var segmentByteCount: Int
    package var snapshotLogByteCount: Int
    package var snapshotChunkByteCount: Int
    package var snapshotSliceByteCount: Int
    package var cacheByteCount: Int
    package var parkMilliseconds: Int
    package var unknownMilliseconds: Int
    package var stateCheckMilliseconds: Int
    package var plainDatabaseZero: DatabaseID
    package var weather: Weather
    package var diskSpeed: DiskSpeed
    package var driftPartsPerMillion: [Int]
    package var wallOffsetMilliseconds: [Int64]
    package var kinds: [FaultKind]
    package var faults: [Fault]
    /// Whether nodes crash while the cluster is founded.
    package var troublesFounding: Bool
    /// When a majority of the nodes loses its disks for good, counted from when the cluster is
    /// formed: then only what is answered is judged.
    package var lossOfMajority: UInt64?

    package static let faultCount = 10
    package static let kindCount = 3
    package static let operationCount = 2_000
    package static let clientCount = 8
    /// How long the faults go on.
    package static let duration: UInt64 = .seconds(60)

    /// Draws the plan of `seed`.
    ///
    /// - Parameters:
    ///   - seed: The only source of all that is random in a run.
    ///   - bug: Planted in every node.
    package init(seed: UInt64, bug: PlantedBug?) {
        var generator = SeededGenerator(seed: seed)
        self.seed = seed
        let size = generator.below(100)
        nodeCount = size < 60 ? 3 : size < 85 ? 5 : 7
        loopCount = generator.chance(percent: 60) ? 1 : 2
        shardCount = generator.number(in: 2...5)
        replicationFactor = nodeCount == 5 && generator.chance(percent: 40) ? 5 : 3
        seedNodeCount = nodeCount > 3 && generator.chance(percent: 40) ? 3 : nodeCount
        durability = generator.chance(percent: 65) ? .sync : .periodic
        changesMembers = durability == .sync || generator.chance(percent: 50)
        raft = RaftSettings()
        raft.electionMilliseconds = generator.choice(of: [300, 300, 500, 900])
        raft.leaseMilliseconds = raft.electionMilliseconds * 9 / 10
        raft.maxMessageByteCount = generator.choice(of: [1, 400, 4_000, 1 << 20])
        raft.maxInflightMessageCount = generator.choice(of: [1, 4, 64, 256])
        raft.snapshotRetryMilliseconds = generator.choice(of: [500, 2_000])
        raft.fault = bug?.raftFault
        segmentByteCount = generator.choice(of: [16, 32, 128]) << 10
        snapshotLogByteCount = generator.choice(of: [2, 6, 20]) << 10
        snapshotChunkByteCount = generator.choice(of: [256, 4 << 10])
        cacheByteCount = generator.choice(of: [8, 64]) << 10
        parkMilliseconds = generator.choice(of: [200, 1_000])
        unknownMilliseconds = generator.choice(of: [600, 1_500, 5_000])
        weather = Weather()
        weather.meanExtraDelay = .microseconds(generator.choice(of: [60, 300, 2_000]))
        diskSpeed = DiskSpeed(
            syncMean: .microseconds(generator.choice(of: [300, 1_500, 8_000])),
            stallPercent: generator.chance(percent: 20) ? 1 : 0)
        let drift = generator.choice(of: [0, 100, 2_000])
        driftPartsPerMillion = []
        wallOffsetMilliseconds = []
        let offset = generator.choice(of: [5, 500, 20_000])
        for _ in 0..<nodeCount {
            driftPartsPerMillion.append(generator.number(in: -drift...drift))
            wallOffsetMilliseconds.append(Int64(generator.number(in: -offset...offset)))
        }
        kinds = Array(generator.shuffle(FaultKind.allCases)[..<Self.kindCount])
        faults = []
        for number in 0..<Self.faultCount {
            let share = (Self.duration - .seconds(4)) / UInt64(Self.faultCount)
            faults.append(
                Fault(
                    kind: kinds[number < Self.kindCount ? number : generator.below(kinds.count)],
                    time: .seconds(1) + UInt64(number) * share + generator.time(in: 0...share)))
        }
        troublesFounding = generator.chance(percent: 40)
        if generator.chance(percent: 4) {
            lossOfMajority = generator.time(in: .seconds(20)...(.seconds(50)))
        }
        snapshotSliceByteCount = generator.choice(of: [64, 400, 64 << 10])
        stateCheckMilliseconds = generator.choice(of: [2_000, 8_000])
        plainDatabaseZero = generator.chance(percent: 40) ? .sharded : .whole(0)
    }

    /// Whether group 0 may at some time have members without a vote.
    ///
    /// In periodic mode such a member may hold what a majority of the voters lost; that is beyond
    /// what is promised, so that in these runs no second machine loses power before the first one
    /// has caught up.
    package var hasLearners: Bool { changesMembers || seedNodeCount < nodeCount }

    /// How much sooner than asked a key may be gone in this run.
    package var expiryBound: ExpiryBound {
        let drift = driftPartsPerMillion.map(abs).max() ?? 0
        return ExpiryBound(partsPerMillion: 5_000 + 2 * drift, slackMilliseconds: 10)
    }
}

extension SimulationPlan: CustomStringConvertible {
    package var description: String {
        let names = kinds.map { "\($0)" }.joined(separator: ", ")
        return
            "\(nodeCount) nodes (\(seedNodeCount) seeds), \(loopCount) loops, \(shardCount) shards × "
            + "\(replicationFactor), \(durability)\(changesMembers ? ", members change" : ""), "
            + "election \(raft.electionMilliseconds) ms, sync \(diskSpeed.syncMean / 1_000) µs, "
            + "faults: \(names)"
            + (plainDatabaseZero.isSharded ? ", plain database 0 is sharded" : "")
            + (lossOfMajority == nil ? "" : ", a majority is lost")
    }
}
