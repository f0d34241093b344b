import Keyspace

extension ExecutionContext {
    // MARK: Hot path

    /// Looks `key` up, judging its end by ``now``, and notes an end that is not certain.
    mutating func locate(_ key: Span<UInt8>, in keyspace: borrowing Keyspace) -> Place {
        let judged = fault == .expiryByPresentClock ? present : now
        let place = keyspace.locate(key, slot: slot, now: judged)
        if place.end > judged, place.end <= present { sawUncertainDeadline = true }
        if place.isPresent { hits += 1 } else { misses += 1 }
        return place
    }

    /// Notes that a walk through all keys rests on deadlines that are not certain, where it may.
    mutating func noteUncertainDeadlines(in keyspace: borrowing Keyspace) {
        guard present > now, let earliest = keyspace.earliestDeadlineBound else { return }
        if earliest <= present { sawUncertainDeadline = true }
    }

    /// Looks `key` up, which must be of `type` or absent.
    mutating func locate(
        _ key: Span<UInt8>, of type: ValueType, in keyspace: borrowing Keyspace
    ) throws(CommandError) -> Place {
        let place = locate(key, in: keyspace)
        if let found = place.type, found != type { throw .wrongType }
        return place
    }

    // MARK: Fields

    /// Looks up a hash of which all fields matter; notes where one of their deadlines is not certain.
    mutating func locateFields(
        _ key: Span<UInt8>, in keyspace: borrowing Keyspace
    ) throws(CommandError) -> Place {
        let place = try locate(key, of: .hash, in: keyspace)
        if place.isPresent, keyspace.earliestFieldDeadline(at: place) <= present {
            sawUncertainDeadline = true
        }
        return place
    }

    /// The value of a field of a hash that is present, if it has the field; notes a deadline of it
    /// that is not certain.
    @_lifetime(borrow keyspace)
    mutating func field(
        _ name: Span<UInt8>, at place: borrowing Place, in keyspace: borrowing Keyspace
    ) -> Span<UInt8>? {
        keyspace.field(
            name, at: place, present: present, endsByPresent: &sawUncertainDeadline)
    }

    /// The deadline of a field of a hash that is present, if it has the field; notes one that is not
    /// certain.
    mutating func fieldDeadline(
        _ name: Span<UInt8>, at place: borrowing Place, in keyspace: borrowing Keyspace
    ) -> Int64? {
        let deadline = keyspace.fieldDeadline(name, at: place)
        if let deadline, deadline <= present { sawUncertainDeadline = true }
        return deadline
    }
}
