import Primitives

extension NodeSettings {
    /// What can't be true together, though each value is possible by itself.
    func contradictions(origin: (String) -> SettingOrigin) -> [SettingProblem] {
        var problems: [SettingProblem] = []
        func refuse(_ key: String, place: String, found: String, expected: String) {
            problems.append(
                SettingProblem(
                    location: origin(key).location(of: key + place), found: found,
                    expected: expected))
        }
        checkCluster(refuse)
        checkListeners(refuse)
        checkTiming(refuse)
        return problems
    }

    private typealias Refusal = (
        _ key: String, _ place: String, _ found: String, _ expected: String
    ) -> Void

    private func checkCluster(_ refuse: Refusal) {
        if !seeds.isEmpty, secret == nil {
            refuse(
                "cluster.secret", "", "no value",
                "the secret that all nodes share, since cluster.seeds names some")
        }
        for (index, seed) in seeds.enumerated() {
            if HostKind(seed.host) == .wildcard {
                refuse(
                    "cluster.seeds", "[\(index)]", "the wildcard address \(seed)",
                    "an address at which other nodes reach it")
            }
            if seeds[..<index].contains(seed) {
                refuse("cluster.seeds", "[\(index)]", "\(seed) again", "each seed once")
            }
        }
    }

    private func checkListeners(_ refuse: Refusal) {
        var listeners: [(name: String, listen: Address, advertise: Address?)] = [
            ("cluster", clusterListen, clusterAdvertise), ("peer", peerListen, peerAdvertise),
            ("admin", adminListen, adminAdvertise),
        ]
        if let plainListen { listeners.append(("plain", plainListen, plainAdvertise)) }
        for (index, listener) in listeners.enumerated() {
            for other in listeners[..<index] where collide(listener.listen, other.listen) {
                refuse(
                    "listen.\(listener.name)", "", "\(listener.listen)",
                    "another port than listen.\(other.name)'s")
            }
            if HostKind((listener.advertise ?? listener.listen).host) == .wildcard {
                refuse(
                    "advertise.\(listener.name)", "",
                    listener.advertise.map { "the wildcard address \($0)" } ?? "no value",
                    "the address at which others reach listen.\(listener.name)")
            }
        }
        for (name, address) in [("cluster", clusterListen), ("plain", plainListen)] {
            guard let address, HostKind(address.host) != .loopback, password == nil, !isInsecure
            else { continue }
            refuse(
                "listen.\(name)", "", "\(address), not on loopback, without a password",
                "security.password, a loopback address, or --insecure to insist")
        }
    }

    private func checkTiming(_ refuse: Refusal) {
        if electionMilliseconds < 3 * heartbeatMilliseconds {
            refuse(
                "raft.election-timeout", "", durationText(electionMilliseconds),
                "at least three times raft.heartbeat (\(durationText(heartbeatMilliseconds)))")
        }
    }

    private func collide(_ left: Address, _ right: Address) -> Bool {
        guard left.port == right.port else { return false }
        return left.host == right.host || HostKind(left.host) == .wildcard
            || HostKind(right.host) == .wildcard
    }
}
