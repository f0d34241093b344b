/// A parameter that `CONFIG GET` shows (Redis 7.0: "Redis configuration").
package struct Parameter: Sendable {
    /// What setting it does here.
    package enum Effect: Equatable, Sendable {
        /// It takes effect on every node of the cluster.
        case works
        /// It is kept for the whole cluster, and means nothing here (yet).
        case kept
        /// It says what is so on the node that is asked, and can't be set: `refusal` says so.
        case fixed(refusal: String)
        /// It says what is so, and can be set to that only: Redis could change it while it runs.
        case settled
    }

    package let name: String
    /// An older name, which Redis shows as a parameter of its own.
    package let alias: String?
    package let kind: ParameterKind
    /// Its value while nobody has set it, as Redis writes it.
    package let standard: String
    package let effect: Effect
    /// What it does here, for the docs; empty where ``effect`` says it all.
    package let note: String

    init(
        _ name: String, alias: String? = nil, _ kind: ParameterKind, _ standard: String,
        _ effect: Effect = .kept, note: String = ""
    ) {
        self.name = name
        self.alias = alias
        self.kind = kind
        self.standard = standard
        self.effect = effect
        self.note = note
    }

    static let immutable = Effect.fixed(refusal: "can't set immutable config")
    static let protected = Effect.fixed(refusal: "can't set protected config")
}

/// Why a value can't be a parameter's: what Redis says behind the parameter's name.
package struct ParameterError: Error, Equatable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }
}
