import Primitives

/// A leader, and the keys of the slots that it leads.
final class LoadNode {
    let address: Address
    var keys: [UInt32] = []
    /// How many of ``keys`` the filling has taken.
    var fillCursor = 0
    var connectionCount = 0

    init(address: Address) { self.address = address }
}
