package import Primitives

/// Finds or founds the cluster of a node.
///
/// Each node asks every address of its list who is there. When all have answered with distinct ids,
/// one of them its own, those nodes are the founding set. Once every node of the set reports to see
/// the same set, each promises itself to it, durably and for good; whoever has the promises of all
/// founds the cluster, whose id and membership follow from the set alone. A node that meets a cluster
/// at one of the addresses takes its place there if it is one of its founders, and else asks to be
/// registered as a new node.
///
/// Why two clusters can't arise from one list: to found one, a node must have been at every address,
/// and have promised itself to the set. Two sets from one list that are alive together share a node,
/// which has promised itself to only one of them.
package struct Founding: Sendable {
    /// An address of the list, and who answered there.
    struct Contact: Sendable {
        var address: Address
        /// Of the questions that wait for their answers, in the order in which they were asked.
        var nonces: [UInt64] = []
        var answer: FoundingMessage.Answer?
        var answeredAt: Instant = .zero
    }

    /// As it is on disk.
    package private(set) var identity: NodeIdentity
    let settings: FoundingSettings
    /// What is being written, in order.
    private var unwritten: [NodeIdentity] = []
    private(set) var contacts: [Contact] = []
    /// Who has promised itself to the same set as this node.
    private var promises: [NodeID] = []
    private var generator: SeededGenerator
    private var nextAskAt: Instant
    private let isNew: Bool
    let startedAt: Instant
    /// Which problems were reported, and when.
    private var reports = SortedMap<UInt8, Instant>()

    /// - Parameters:
    ///   - identity: From the identity file; a fresh one for an empty folder.
    ///   - isNew: Whether there is no identity file yet.
    ///   - settings: From the configuration.
    ///   - seed: Of the nonces; another one at each start of the process.
    ///   - now: The time.
    package init(
        identity: NodeIdentity, isNew: Bool, settings: FoundingSettings, seed: UInt64, now: Instant
    ) {
        self.identity = identity
        self.isNew = isNew
        self.settings = settings
        generator = SeededGenerator(seed: seed)
        nextAskAt = now
        startedAt = now
    }

    package var node: NodeID { identity.node }

    /// The node's place in its cluster, once it is durable.
    package var membership: Membership? {
        if case .member(let membership) = identity.phase { membership } else { nil }
    }

    /// Who is known to be at addresses of the list or of the promised set, this node left out.
    package var knownSeeds: [FoundingSet.Seed] {
        var known: [FoundingSet.Seed] = []
        if case .promised(let set) = identity.phase { known = set.seeds }
        for contact in contacts {
            guard let node = contact.answer?.sender else { continue }
            known.removeAll { $0.node == node }
            known.append(FoundingSet.Seed(address: contact.address, node: node))
        }
        return known.filter { $0.node != node }.sorted { $0.node < $1.node }
    }

    // MARK: Events

    package mutating func start(now: Instant, into effects: inout [FoundingEffect]) {
        if isNew { write(identity, into: &effects) }
        if let membership {
            effects.append(.joined(membership))
        } else {
            contacts = addresses().map { Contact(address: $0) }
            advance(now: now, into: &effects)
        }
    }

    /// Called every 50 ms or so.
    package mutating func tick(now: Instant, into effects: inout [FoundingEffect]) {
        guard membership == nil else { return }
        if now >= nextAskAt {
            nextAskAt = now.advanced(milliseconds: settings.askMilliseconds)
            ask(into: &effects)
        }
        advance(now: now, into: &effects)
        advise(now: now, into: &effects)
    }

    /// The oldest ``FoundingEffect/persist(_:)`` is on disk.
    package mutating func persisted(now: Instant, into effects: inout [FoundingEffect]) {
        precondition(!unwritten.isEmpty, "no identity was being written")
        identity = unwritten.removeFirst()
        switch identity.phase {
        case .fresh: break
        case .promised(let set):
            contacts = addresses().map { address in
                contacts.first { $0.address == address } ?? Contact(address: address)
            }
            effects.append(
                .note("promised to found cluster \(set.clusterID) of \(set.seeds.count) nodes"))
        case .member(let membership):
            effects.append(.joined(membership))
            return
        }
        advance(now: now, into: &effects)
    }

    /// - Parameters:
    ///   - message: It arrived in a datagram that was sealed with the cluster's secret.
    ///   - source: Where from; a question is answered there.
    ///   - directory: As far as this node has applied it.
    ///   - now: The time.
    ///   - effects: Receives what is to be done.
    package mutating func receive(
        _ message: FoundingMessage, from source: Address, directory: DirectoryState, now: Instant,
        into effects: inout [FoundingEffect]
    ) {
        switch message {
        case .question(let question):
            if let joining = question.joining, joining == membership?.clusterID,
                question.name == settings.name, question.sender != node,
                directory.nodes[question.sender] == nil
            {
                effects.append(.registrationAsked(question.sender, question.addresses))
            }
            effects.append(
                .send(.answer(answer(question, directory: directory, now: now)), to: source))
        case .answer(let answer):
            take(answer, now: now)
            advance(now: now, into: &effects)
        }
    }

    // MARK: Asking and answering

    private mutating func ask(into effects: inout [FoundingEffect]) {
        let joining = clusterToJoin
        for index in contacts.indices {
            let nonce = generator.next()
            contacts[index].nonces = contacts[index].nonces.suffix(7) + [nonce]
            let question = FoundingMessage.Question(
                nonce: nonce, sender: node, name: settings.name, joining: joining,
                addresses: settings.addresses)
            effects.append(.send(.question(question), to: contacts[index].address))
        }
    }

    private func answer(
        _ question: FoundingMessage.Question, directory: DirectoryState, now: Instant
    ) -> FoundingMessage.Answer {
        var answer = FoundingMessage.Answer(
            nonce: question.nonce, sender: node, name: settings.name, seen: nil, promise: nil,
            clusterID: nil, founders: [], replica: nil)
        switch identity.phase {
        case .fresh: answer.seen = visibleSet(now: now)?.digest
        case .promised(let set): answer.promise = set.digest
        case .member(let membership):
            answer.clusterID = membership.clusterID
            answer.founders = membership.founders
            answer.replica = directory.nodes[question.sender]?.directoryReplica
        }
        return answer
    }

    private mutating func take(_ answer: FoundingMessage.Answer, now: Instant) {
        for index in contacts.indices {
            guard let place = contacts[index].nonces.firstIndex(of: answer.nonce) else { continue }
            // Earlier questions' answers would be older news.
            contacts[index].nonces.removeSubrange(...place)
            contacts[index].answer = answer
            contacts[index].answeredAt = now
        }
        guard case .promised(let set) = identity.phase, answer.promise == set.digest,
            set.contains(answer.sender), !promises.contains(answer.sender)
        else { return }
        promises.append(answer.sender)
    }

    // MARK: Deciding

    /// The set that this node would promise itself to: every address has answered lately, each with
    /// another node, one of them this one.
    func visibleSet(now: Instant) -> FoundingSet? {
        var seeds: [FoundingSet.Seed] = []
        for contact in contacts {
            guard let answer = contact.answer, answer.name == settings.name,
                now.milliseconds(since: contact.answeredAt) <= settings.freshMilliseconds,
                !seeds.contains(where: { $0.node == answer.sender })
            else { return nil }
            seeds.append(FoundingSet.Seed(address: contact.address, node: answer.sender))
        }
        let set = seeds.isEmpty ? nil : FoundingSet(name: settings.name, seeds: seeds)
        return set?.contains(node) == true ? set : nil
    }

    /// The cluster at the addresses of the list; `nil` when there is none, or there are several.
    var clusterToJoin: ClusterID? {
        let clusters = clustersHeard
        return clusters.count == 1 ? clusters[0] : nil
    }

    /// Sorted, each once.
    var clustersHeard: [ClusterID] {
        var clusters: [ClusterID] = []
        for contact in contacts {
            guard let answer = contact.answer, answer.name == settings.name,
                let cluster = answer.clusterID, !clusters.contains(cluster)
            else { continue }
            clusters.append(cluster)
        }
        return clusters.sorted()
    }

    private mutating func advance(now: Instant, into effects: inout [FoundingEffect]) {
        guard unwritten.isEmpty else { return }
        switch identity.phase {
        case .member: return
        case .fresh:
            if settings.seeds.isEmpty {
                let alone = FoundingSet.Seed(address: settings.addresses.peer, node: node)
                found(FoundingSet(name: settings.name, seeds: [alone]), into: &effects)
            } else if !clustersHeard.isEmpty {
                join(into: &effects)
            } else if let set = visibleSet(now: now), isSeenByAll(set) {
                enter(.promised(set), into: &effects)
            }
        case .promised(let set):
            if clustersHeard.contains(set.clusterID)
                || set.seeds.allSatisfy({ $0.node == node || promises.contains($0.node) })
            {
                found(set, into: &effects)
            } else if !clustersHeard.isEmpty {
                join(into: &effects)
            }
        }
    }

    private func isSeenByAll(_ set: FoundingSet) -> Bool {
        contacts.allSatisfy { contact in
            guard let answer = contact.answer else { return false }
            return answer.sender == node || (answer.promise ?? answer.seen) == set.digest
        }
    }

    private mutating func found(_ set: FoundingSet, into effects: inout [FoundingEffect]) {
        guard let membership = set.membership(of: node) else {
            preconditionFailure("node \(node) promised itself to a set without it")
        }
        effects.append(
            .note(
                "founded cluster \(membership.clusterID), named \"\(settings.name)\", with "
                    + "\(membership.founders.count) voting nodes"))
        enter(.member(membership), into: &effects)
    }

    /// Becomes a member of the cluster at the list's addresses, once it is registered there.
    private mutating func join(into effects: inout [FoundingEffect]) {
        guard let cluster = clusterToJoin else { return }
        let answers = contacts.compactMap(\.answer).filter { $0.clusterID == cluster }
        for answer in answers {
            if answer.founders.contains(where: { $0.node == node }) {
                let text =
                    "cluster \(cluster) was founded with this node, and the data folder does not "
                    + "know of it: an older copy of the folder was put back, or its writes were "
                    + "lost. Remove the folder to start as a new, empty node"
                effects.append(.stop(text))
                return
            }
            guard let replica = answer.replica else { continue }
            effects.append(.note("joined cluster \(cluster), named \"\(settings.name)\""))
            let membership = Membership(
                clusterID: cluster, replica: replica, founders: answer.founders)
            enter(.member(membership), into: &effects)
            return
        }
    }

    private mutating func enter(
        _ phase: NodeIdentity.Phase, into effects: inout [FoundingEffect]
    ) {
        var next = identity
        next.phase = phase
        write(next, into: &effects)
    }

    private mutating func write(_ identity: NodeIdentity, into effects: inout [FoundingEffect]) {
        unwritten.append(identity)
        effects.append(.persist(identity))
    }

    /// The list's, and those of the promised set.
    private func addresses() -> [Address] {
        var all: [Address] = []
        var promised: [Address] = []
        if case .promised(let set) = identity.phase { promised = set.seeds.map(\.address) }
        for address in settings.seeds + promised where !all.contains(address) {
            all.append(address)
        }
        return all
    }

    // MARK: Reports

    /// Reports the problem unless that was done lately.
    mutating func report(
        _ key: UInt8, _ text: String, now: Instant, into effects: inout [FoundingEffect]
    ) {
        if let last = reports[key], now.milliseconds(since: last) < settings.reportMilliseconds {
            return
        }
        reports[key] = now
        effects.append(.problem(text))
    }
}
