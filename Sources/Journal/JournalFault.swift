/// A bug that a test plants, to show that the checkers find it. Never set outside tests.
package enum JournalFault: UInt8, Sendable {
    /// A checkpoint leaves out the votes, so that one is lost once its segment is recycled.
    case voteLostOnRecycle = 1
    /// Recovery takes a rotten record for an interrupted write, and cuts what was durable.
    case rottenTakenForTorn = 2
    /// A checkpoint says that a log is as long as it was before it was truncated.
    case checkpointForgetsTruncation = 3
}
