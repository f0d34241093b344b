package import Primitives

/// Why two nodes don't make a link.
package enum HandshakeFailure: Error, Equatable, Sendable {
    /// What came is no handshake of Martlet's.
    case malformed(String)
    case noCommonProtocol(ours: ClosedRange<UInt16>, theirs: ClosedRange<UInt16>)
    case noCommonApplyLevel(ours: ClosedRange<UInt16>, theirs: ClosedRange<UInt16>)
    case otherCluster(ours: ClusterID, theirs: ClusterID)
    case otherNode(expected: NodeID, found: NodeID)
    /// The address leads back to this node, or the other end is a copy of it.
    case ourselves
    /// Its proof doesn't fit our secret.
    case wrongSecret
    /// The other end ended it and gave this reason, which is not proven.
    case refused(UInt8)

    /// Told to the other end. The numbers go over the wire: append only.
    var code: UInt8 {
        switch self {
        case .malformed: 1
        case .noCommonProtocol: 2
        case .noCommonApplyLevel: 3
        case .otherCluster: 4
        case .otherNode: 5
        case .ourselves: 6
        case .wrongSecret: 7
        case .refused: 8
        }
    }
}

extension HandshakeFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let what):
            "it sent no valid handshake (\(what))"
        case .noCommonProtocol(let ours, let theirs):
            "it speaks protocol versions \(text(theirs)), this node \(text(ours))"
        case .noCommonApplyLevel(let ours, let theirs):
            "it runs apply levels \(text(theirs)), this node \(text(ours))"
        case .otherCluster(let ours, let theirs):
            "it belongs to cluster \(theirs), this node to \(ours)"
        case .otherNode(let expected, let found):
            "node \(found) answers there, not node \(expected)"
        case .ourselves:
            "it has this node's own id"
        case .wrongSecret:
            "its cluster secret is another one"
        case .refused(let code):
            "it refused: \(Self.refusal(code))"
        }
    }

    private static func refusal(_ code: UInt8) -> String {
        switch code {
        case 1: "it could not read this node's handshake"
        case 2: "no common protocol version"
        case 3: "no common apply level"
        case 4: "it belongs to another cluster"
        case 5: "it was looking for another node"
        case 6: "it has the same node id"
        case 7: "its cluster secret is another one"
        default: "reason \(code)"
        }
    }

    private func text(_ range: ClosedRange<UInt16>) -> String {
        "\(range.lowerBound)–\(range.upperBound)"
    }
}
