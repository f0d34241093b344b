package import Primitives

/// Telling a person why there is no cluster yet.
extension Founding {
    /// What the node waits for; `nil` once it is a member.
    package func obstacle(now: Instant) -> String? {
        membership == nil ? problem(now: now)?.text ?? "the others are being asked" : nil
    }

    mutating func advise(now: Instant, into effects: inout [FoundingEffect]) {
        guard now.milliseconds(since: startedAt) >= settings.patienceMilliseconds,
            let problem = problem(now: now)
        else { return }
        report(problem.key, problem.text, now: now, into: &effects)
    }

    private func problem(now: Instant) -> (key: UInt8, text: String)? {
        if let other = contacts.first(where: { $0.answer.map { $0.name != settings.name } ?? false }
        ) {
            return (
                1,
                "\(other.address) belongs to a cluster named \"\(other.answer?.name ?? "")\", not "
                    + "\"\(settings.name)\": correct cluster.name or cluster.seeds"
            )
        }
        let clusters = clustersHeard
        if clusters.count > 1 {
            let list = clusters.map(\.description).joined(separator: ", ")
            return (2, "cluster.seeds leads to several clusters: \(list)")
        }
        if let cluster = clusters.first {
            return (3, "cluster \(cluster) has not registered this node yet: has it a leader?")
        }
        if let replaced = replacedSeed() { return (4, replaced) }
        if let twin = sharedNode() { return (5, twin) }
        let silent = contacts.filter {
            $0.answer == nil || now.milliseconds(since: $0.answeredAt) > settings.freshMilliseconds
        }
        if !silent.isEmpty {
            let list = silent.map(\.address.description).joined(separator: ", ")
            return (
                6,
                "no answer from \(list), \(silent.count) of \(contacts.count) seeds: a cluster is "
                    + "founded once all are up"
            )
        }
        guard contacts.contains(where: { $0.answer?.sender == node }) else {
            return (
                7,
                "this node is not at any address of cluster.seeds, and those nodes have no "
                    + "cluster yet for it to join"
            )
        }
        return disagreement(now: now).map { (8, $0) }
    }

    /// A seed of the promised set whose address answers as another node now.
    private func replacedSeed() -> String? {
        guard case .promised(let set) = identity.phase else { return nil }
        for seed in set.seeds {
            guard let contact = contacts.first(where: { $0.address == seed.address }),
                let found = contact.answer?.sender, found != seed.node
            else { continue }
            return
                "\(seed.address) was node \(seed.node) when this node promised to found a cluster "
                + "with it, and is node \(found) now. If the old node's data folder is gone, the "
                + "promise can't be kept: stop all seeds, remove the data folders of those that are "
                + "in no cluster (they hold no data), and start them again"
        }
        return nil
    }

    /// Two addresses at which the same node answers.
    private func sharedNode() -> String? {
        for (place, contact) in contacts.enumerated() {
            guard let node = contact.answer?.sender,
                let twin = contacts[..<place].first(where: { $0.answer?.sender == node })
            else { continue }
            return "\(twin.address) and \(contact.address) of cluster.seeds are the same node, "
                + "\(node): each seed must be listed once"
        }
        return nil
    }

    /// A seed that sees or has promised itself to another set.
    private func disagreement(now: Instant) -> String? {
        var own = visibleSet(now: now)?.digest
        if case .promised(let set) = identity.phase { own = set.digest }
        for contact in contacts {
            guard let answer = contact.answer, let own, answer.sender != node,
                let theirs = answer.promise ?? answer.seen, theirs != own
            else { continue }
            return answer.promise == nil
                ? "\(contact.address) sees other seeds than this node: cluster.seeds must list the "
                    + "same nodes everywhere"
                : "\(contact.address) has promised to found a cluster of other nodes than those at "
                    + "cluster.seeds: either the lists differ, or a seed's data folder was "
                    + "replaced. Stop all seeds, remove the data folders of those that are in no "
                    + "cluster (they hold no data), and start them again"
        }
        return nil
    }
}
