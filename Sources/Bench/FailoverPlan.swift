package import Primitives

/// How to measure what the death of a leader costs those who write.
package struct FailoverPlan: Sendable {
    /// Nodes to ask for the cluster.
    package var addresses: [Address]
    /// The cluster listener of the node that is to die; the keys probed are of slots that it leads.
    package var victim: Address
    /// Its process, which is sent SIGKILL; without it the caller sees to the node's death.
    package var victimPID: Int32?
    /// Each connection writes a key of its own.
    package var connectionCount = 8
    package var intervalMilliseconds = 5
    package var millisecondsBefore = 1000
    package var millisecondsAfter = 4000
    package var password: String?

    package init(addresses: [Address], victim: Address) {
        self.addresses = addresses
        self.victim = victim
    }
}
