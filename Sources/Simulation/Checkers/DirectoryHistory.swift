import Primitives

/// The one directory of each epoch: every node that follows it must see the same slot table.
package struct DirectoryHistory: Sendable {
    private struct Version {
        var hash: UInt64
        var node: Int
    }

    private var versions = SortedMap<UInt64, Version>()
    private var epochs: [UInt64]
    package private(set) var agreementCount = 0

    package init(nodeCount: Int) { epochs = Array(repeating: 0, count: nodeCount) }

    /// A node follows the directory as of `epoch`.
    ///
    /// - Parameters:
    ///   - epoch: Raised by each change of the directory.
    ///   - hash: A hash of all that the directory says.
    ///   - node: Who follows it.
    /// - Returns: What is wrong, or `nil`.
    package mutating func observe(epoch: UInt64, hash: UInt64, node: Int) -> String? {
        if epoch < epochs[node] {
            return "node \(node + 1) follows directory epoch \(epoch) after \(epochs[node])"
        }
        epochs[node] = epoch
        if let known = versions[epoch] {
            if known.hash != hash {
                return "directory epoch \(epoch) differs between nodes \(known.node + 1) and "
                    + "\(node + 1)"
            }
            if known.node != node { agreementCount += 1 }
            return nil
        }
        versions[epoch] = Version(hash: hash, node: node)
        return nil
    }

    /// The process of a node starts again, and follows the directory from what it has on disk.
    package mutating func restart(node: Int) { epochs[node] = 0 }

    /// Forgets all versions, as a loss that the durability mode allows may rewrite them.
    package mutating func allowRewrite() { versions.removeAll() }
}
