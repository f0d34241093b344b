/// Intervals and limits, close to those of memberlist's LAN profile but faster; a test of the
/// virtual network holds them.
package struct GossipSettings: Equatable, Sendable {
    /// One member is probed in this time.
    package var probeMilliseconds = 500
    /// How long a direct probe may take before others are asked to try.
    package var probeTimeoutMilliseconds = 200
    /// How many others are asked.
    package var indirectProbes = 3
    /// A suspicion lasts at least this many probe intervals, times log₁₀ of the member count.
    package var suspicionMultiplier = 4
    /// It lasts at most this many times as long, while no one else confirms it (Lifeguard §IV-B).
    package var suspicionMaxMultiplier = 6
    /// How often news is sent, while there is any.
    package var gossipMilliseconds = 100
    /// To how many members each time.
    package var gossipFanout = 3
    /// News is sent this many times, times log₁₀ of the member count rounded up.
    package var retransmitMultiplier = 4
    /// How often the whole state is exchanged with some member.
    package var pushPullMilliseconds = 10_000
    /// The first pause between attempts at an unanswering seed; it doubles up to the second.
    package var seedMilliseconds = 250
    package var seedMaxMilliseconds = 5_000
    /// How often some dead member is tried again.
    package var deadRetryMilliseconds = 2_000
    /// How long a newly dead member still gets news, so that it can refute its death.
    package var deadGossipMilliseconds = 30_000
    /// How long a dead or departed member is remembered.
    package var deadForgetMilliseconds = 86_400_000
    /// The most plain bytes in a datagram, unless a single piece of news needs more.
    package var maxDatagramByteCount = 1350
    /// How far a node that doubts its own health stretches its timeouts (Lifeguard §IV-A).
    package var maxHealthMultiplier = 8
    /// A gap between ticks above this is this node's own stall, and blamed on no one else.
    package var stallMilliseconds = 1_000
    /// In how many datagrams at most a joining node is sent the member list.
    package var maxJoinDatagrams = 8
    /// How many probes on behalf of others may be under way.
    package var maxRelays = 256
    /// For how many groups hints are held.
    package var maxHints = 65_536
    /// How many members are held, tombstones included.
    package var maxMembers = 4_096
    /// How many members are told directly when the node leaves.
    package var leaveFanout = 32
    /// How long a reply to a check for a process with the same id is waited for.
    package var identityCheckMilliseconds = 1_000
    /// A duplicate identity counts as gone when nothing was heard from it for so long.
    package var identityConflictMilliseconds = 30_000

    package init() {}
}
