/// Why a data folder can't be used.
package enum IdentityError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The identity file isn't what was written; what is wrong with it.
    case damaged(String)
    /// The identity file was written by a later Martlet.
    case newerVersion(found: UInt16, supported: UInt16)
    case otherCluster(found: String, configured: String)

    package var description: String {
        switch self {
        case .damaged(let what):
            "the identity file is damaged: \(what). Restore it from a backup, or remove the data "
                + "folder to start as a new, empty node"
        case .newerVersion(let found, let supported):
            "the identity file has format \(found), and this martlet knows formats up to "
                + "\(supported): it was written by a later version"
        case .otherCluster(let found, let configured):
            "the data folder belongs to a cluster named \"\(found)\", and the configured name is "
                + "\"\(configured)\""
        }
    }
}
