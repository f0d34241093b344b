/// Classes of keyspace events (redis.io: "Redis keyspace notifications").
enum EventClasses {
    /// In the order in which Redis shows them; `A` stands for those.
    private static let all = "g$lshzxetd"
    /// Of these, Redis doesn't show the first beside an `A`.
    private static let others = "nKEm"

    /// The classes as `CONFIG GET` shows them.
    static func canonical(_ text: String) throws(ParameterError) -> String {
        guard text.allSatisfy({ (all + others + "A").contains($0) }) else {
            throw ParameterError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
        }
        if text.contains("A") || all.allSatisfy({ text.contains($0) }) {
            return "A" + others.dropFirst().filter { text.contains($0) }
        }
        return String((all + others).filter { text.contains($0) })
    }
}
