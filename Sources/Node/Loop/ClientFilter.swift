import Primitives

/// Which of a node's clients `CLIENT LIST` and `CLIENT KILL` mean; all conditions must hold.
package struct ClientFilter: Sendable {
    /// Their ids; `nil` for all.
    var ids: [UInt64]?
    /// Of another kind than normal ones there are none.
    var isNormal = true
    var address: String?
    var localAddress: String?
    /// Connected for so many seconds at least.
    var age: Int?
    /// Who is not meant.
    var except: ProxyKey?
    var askedAt: Moment
    /// Whose command it is: closed once it has its reply.
    var asker: ProxyKey?
}

/// A client as `CLIENT LIST` shows it.
package struct ClientLine: Sendable {
    var id: UInt64
    var text: String
}
