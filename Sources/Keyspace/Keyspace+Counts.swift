extension Keyspace {
    /// How many keys have a deadline; those that lost it by `PERSIST` may be among them until then.
    package var deadlineCount: Int { expiries.count }
}
