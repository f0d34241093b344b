/// A reply to a reserved place that is being written: begun by ``LoopCore/beginReserved(_:sequence:version:)``,
/// and ended or undone exactly once. Meanwhile the loop's writer may hold the session's output.
struct ReservedReply: ~Copyable {
    /// How it is written.
    enum Manner {
        /// Not at all: the session is gone.
        case gone
        /// Into the session's own output.
        case head
        /// To be kept until its turn, or to be sent to where the connection is.
        case stored
    }

    private let manner: Manner
    private let index: Int
    private let sequence: UInt64

    init(_ manner: Manner, of index: Int, sequence: UInt64) {
        self.manner = manner
        self.index = index
        self.sequence = sequence
    }

    deinit { Self.fail(index, sequence) }

    /// Of its own, since a `deinit` that never returns is warned of.
    private static func fail(_ index: Int, _ sequence: UInt64) {
        preconditionFailure("reply \(sequence) of session \(index) was begun and not ended")
    }

    consuming func end() -> (Manner, index: Int, sequence: UInt64) {
        let parts = (manner, index: index, sequence: sequence)
        discard self
        return parts
    }
}
