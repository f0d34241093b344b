import Primitives

/// A replica that may have lost entries which it had acknowledged (a power cut in `periodic` mode).
///
/// Its term and vote are sound, since they are always synced. What may be false is every
/// acknowledgement of entries that it ever sent:
///
/// * *Votes.* An entry may be committed on a majority that included this replica, and be gone from
///   here, so its vote proves nothing about the candidate's log, its own candidacy included. It
///   marks its votes, and a candidate that relies on one needs all voters of both majorities to
///   grant: then the winner's log is at least as complete as that of every voter, so it has each
///   committed entry that any voter kept. That is also why an amnesiac replica may campaign: when
///   every replica lost power there is no other kind, and unanimity makes its log's authority that
///   of all. It declines to take over by TimeoutNow.
/// * *The present leader's count.* The leader may still count an old acknowledgement, for an entry
///   that commits only later. So the replica refuses appends until the leader has opened a new
///   session for its nonce, by which it forgets all that was acknowledged; an acknowledgement of an
///   earlier session no longer counts, however late it comes.
///
/// It is over when the replica has everything up to a commit index that the leader sent within that
/// session, and that lies in the leader's own term: all that its lost acknowledgements can have
/// helped to commit is at or before that index, and the leader's log had all that earlier leaders
/// committed.
struct Amnesia: Sendable {
    /// Names this start of the replica to the leader; never 0.
    let nonce: UInt64
    /// The highest commit index that came in a session of this nonce and the present term.
    var commitIndex: LogIndex?
    /// The write that records the end, once it is under way.
    var endSequence: UInt64?

    init(nonce: UInt64) { self.nonce = nonce }
}
