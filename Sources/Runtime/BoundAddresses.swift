package import Primitives

/// Where a node's listeners are open, with the ports that they have.
package struct BoundAddresses: Equatable, Sendable {
    package var peer: Address
    package var cluster: Address
    package var plain: Address?
}
