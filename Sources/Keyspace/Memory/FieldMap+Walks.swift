extension FieldMap {
    /// The fields in their order whose deadline is later than `now`.
    func all(now: Int64) -> [Entry] {
        var fields: [Entry] = []
        fields.reserveCapacity(count(now: now))
        var field = first
        while let present = field {
            if !present.isHeld, present.deadline > now { fields.append(present) }
            field = present.nextField
        }
        return fields
    }

    /// Visits fields in ranges of their hashes, from `start` on, as ``EntryTable/scan(from:limit:secret:visit:)``
    /// does, but for those whose deadline is not later than `now`; a map without a table is walked to
    /// its end.
    func scan(
        from start: UInt64, limit: Int, now: Int64, secret: UInt64, visit: (Entry) -> Void
    ) -> UInt64? {
        guard table.isEmpty else {
            return table.scan(from: start, limit: limit, secret: secret) { field in
                if field.deadline > now { visit(field) }
            }
        }
        for field in all(now: now) where field.hash(secret: secret) >= start { visit(field) }
        return nil
    }
}
