/// What a key holds. The numbers are written to snapshots: append only.
package enum ValueType: UInt8, Sendable {
    case string = 1
    case hash = 2

    /// The word that `TYPE` answers.
    package var name: String {
        switch self {
        case .string: "string"
        case .hash: "hash"
        }
    }
}
