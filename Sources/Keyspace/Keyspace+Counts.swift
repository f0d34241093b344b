extension Keyspace {
    /// How many keys have a deadline, or fields that have one; those that lost it may
    /// be among them until then.
    package var deadlineCount: Int { expiries.count }
}
