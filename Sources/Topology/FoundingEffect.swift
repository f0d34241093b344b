package import Primitives

/// What must be done for ``Founding``, in the order given.
package enum FoundingEffect: Equatable, Sendable {
    case send(FoundingMessage, to: Address)
    /// Replace the identity file, then call ``Founding/persisted(now:into:)``. Completions come in order.
    case persist(NodeIdentity)
    /// The node's place in a cluster is durable. Once for each start of the process.
    case joined(Membership)
    /// A node asks to be registered with this node's cluster.
    case registrationAsked(NodeID, AdvertisedAddresses)
    /// For the log.
    case note(String)
    /// For the log: something that a person must look after.
    case problem(String)
    /// The data folder can't be used; why.
    case stop(String)
}
