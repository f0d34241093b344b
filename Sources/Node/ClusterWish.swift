package import Primitives
import Topology

/// What an operator may ask of a cluster.
package enum ClusterWish: Equatable, Sendable {
    /// One node takes the place of another, which then is no member any more.
    case replace(NodeID, by: NodeID)
    /// A node that has no shards is no member any more.
    case forget(NodeID)

    var command: DirectoryCommand {
        switch self {
        case .replace(let node, let successor): .replaceNode(node, by: successor)
        case .forget(let node): .forgetNode(node)
        }
    }
}
