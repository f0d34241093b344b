import Node
import Primitives
import Topology

/// What goes on in any cluster besides its clients' requests: leaderships move, the directory's
/// members change, and things are written to it.
extension World {
    func runErrand() {
        guard !isHealed else { return }
        schedule(.errand, after: random.exponentialTime(mean: .milliseconds(900)))
        switch random.below(12) {
        case 0..<3: moveSomeLeadership()
        case 3..<5: changeMembers()
        case 5: quarantineSomeReplica()
        case 6: replaceSomeNode()
        case 7: spoilSomeReplica()
        default: writeToDirectory()
        }
    }

    private func moveSomeLeadership() {
        guard !leaders.isEmpty else { return }
        let group = random.choice(of: leaders.keys)
        guard let leader = leaders[group] else { return }
        let target = random.below(nodes.count)
        if target != leader.node { transfer(group, from: leader.node, to: target) }
    }

    /// Changes who votes in group 0: between two members and all of them.
    func changeMembers() {
        guard plan.changesMembers, loss == nil, let leader = leaders[.directory] else { return }
        let members = random.shuffle(directory.nodes.values.map(\.directoryMember))
        guard members.count >= 3 else { return }
        let count = random.number(in: members.count / 2 + 1...members.count)
        post(
            .changeDirectoryMembers(
                voters: Array(members[..<count]), learners: Array(members[count...])),
            to: leader.node)
    }

    /// Names a preferred leader, on every node that may lead: who does not drops it.
    private func writeToDirectory() {
        guard let group = directory.shards.keys.first, let shard = directory.shards[group] else {
            return
        }
        let node = random.choice(of: shard.replicas).node
        let command = DirectoryCommand.setPreferredLeaders([
            PreferredLeader(shard: group, node: node)
        ])
        for index in nodes.indices { post(.proposeDirectory(command), to: index) }
    }

    private func post(_ message: CoreMessage, to node: Int) {
        guard nodes[node].process != nil else { return }
        schedule(
            .post(life(of: node), message, from: .home, to: .loop(0)), after: .microseconds(5))
    }

    /// Looks every so often at what no event shows by itself.
    func supervise() {
        schedule(.supervise, after: .milliseconds(100))
        noteRecoveries()
        mend()
        if formedAt == nil, isFormed { formedAt = now }
    }
}
