import Keyspace

extension ExecutionContext {
    // MARK: Hot path

    /// Looks `key` up, judging its deadline by ``now``, and notes a deadline that is not certain.
    mutating func locate(_ key: Span<UInt8>, in keyspace: borrowing Keyspace) -> Place {
        let judged = fault == .expiryByPresentClock ? present : now
        let place = keyspace.locate(key, slot: slot, now: judged)
        if place.deadline > judged, place.deadline <= present { sawUncertainDeadline = true }
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
}
