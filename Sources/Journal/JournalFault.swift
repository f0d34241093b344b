/// A bug that a test plants, to show that the checkers find it. Never set outside tests.
package enum JournalFault: UInt8, Sendable {
    /// A checkpoint leaves out the votes, so that one is lost once its segment is recycled.
    case voteLostOnRecycle = 1
}
