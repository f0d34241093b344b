/// What the keys of a partition hold: the state of the sequential model.
package struct PartitionState: Equatable, Sendable {
    package var cells: [Cell]

    /// A partition of `keyCount` missing keys.
    package init(keyCount: Int) { cells = Array(repeating: .missing, count: keyCount) }

    package func hash(into hash: inout StableHash) {
        for cell in cells {
            switch cell {
            case .missing: hash.combine(0)
            case .string(let value, let end):
                hash.combine(1)
                hash.combine(value)
                hash.combine(end ?? 0)
            case .hash(let fields, let end):
                hash.combine(2 + fields.count)
                for field in fields {
                    hash.combine(UInt64(field.name))
                    hash.combine(field.value)
                }
                hash.combine(end ?? 0)
            }
        }
    }
}

/// What one key holds, and the earliest virtual time at which it may be gone by itself.
package enum Cell: Equatable, Sendable {
    case missing
    case string([UInt8], end: UInt64?)
    /// In the order in which the fields came to be, as Redis shows small hashes.
    case hash([HashField], end: UInt64?)

    package var end: UInt64? {
        get {
            switch self {
            case .missing: nil
            case .string(_, let end), .hash(_, let end): end
            }
        }
        set {
            switch self {
            case .missing: break
            case .string(let value, _): self = .string(value, end: newValue)
            case .hash(let fields, _): self = .hash(fields, end: newValue)
            }
        }
    }

    package var isMissing: Bool { self == .missing }
}

/// A field of a hash.
package struct HashField: Equatable, Sendable {
    package var name: UInt8
    package var value: [UInt8]

    package init(name: UInt8, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}
