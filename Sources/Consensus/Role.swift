/// What a replica is in its group at present. Learners are followers that never campaign.
package enum Role: Equatable, Sendable {
    case follower
    /// It asks whether it could win an election, without having begun one (dissertation §9.6).
    case preCandidate
    case candidate
    case leader
}
