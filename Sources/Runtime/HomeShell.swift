import EventLoop
import Journal
import Node
import Primitives

/// The home core's shell, on loop 0. Confined to it.
final class HomeShell {
    private unowned let shell: LoopShell
    private var core: HomeCore
    private var effects: [HomeEffect] = []
    private let names: NameCache
    private var identityDisk: DiskThread<[UInt8], DiskOutcome>?

    init(shell: LoopShell, core: consuming HomeCore) {
        self.shell = shell
        self.core = core
        names = NameCache(loop: shell.loop)
    }

    func startDisk() throws(SystemError) {
        let path = shell.context.folder.identityPath
        identityDisk = try DiskThread(
            name: "identity", loop: shell.loop,
            perform: { bytes in
                do throws(SystemError) {
                    try FileSystem.replace(path, with: bytes)
                    return .done
                } catch {
                    return .failed(code: error.code, operation: error.operation)
                }
            },
            completed: { [unowned self] outcomes in
                for outcome in outcomes { identityWritten(outcome) }
            })
    }

    func finish() { identityDisk?.finish() }

    // MARK: Events

    /// Starts the core before anything else runs: what it wants written is on disk when this
    /// returns, so that no journal is ever begun under an identity that could be lost.
    func start(now: Moment) throws(SystemError) {
        core.start(now: now, into: &effects)
        var later: [HomeEffect] = []
        while !effects.isEmpty {
            var taken: [HomeEffect] = []
            swap(&taken, &effects)
            for effect in taken {
                guard case .persistIdentity(let bytes) = effect else {
                    later.append(effect)
                    continue
                }
                try FileSystem.replace(shell.context.folder.identityPath, with: bytes)
                core.identityPersisted(now: now, into: &effects)
            }
        }
        effects = later
    }

    func tick(now: Moment) { core.tick(now: now, into: &effects) }

    func received(_ message: CoreMessage, from sender: CoreID, now: Moment) {
        core.received(message, from: sender, now: now, into: &effects)
    }

    func received(frame body: [UInt8], from node: NodeID, now: Moment) {
        core.frameReceived(from: node, body: body, now: now, into: &effects)
    }

    func received(packet: Span<UInt8>, from sender: SocketAddress) {
        core.datagramReceived(
            [UInt8](copying: packet), from: sender.address, now: SystemClock.now(),
            into: &effects)
    }

    func linkUp(_ node: NodeID, now: Moment) { core.linkUp(node, now: now, into: &effects) }

    func beginDraining(now: Moment) { core.beginDraining(now: now, into: &effects) }

    var isDrained: Bool { core.isDrained }

    private func identityWritten(_ outcome: DiskOutcome) {
        switch outcome {
        case .done: core.identityPersisted(now: SystemClock.now(), into: &effects)
        // A node that finds no room while it founds or joins a cluster has nothing to serve yet.
        case .full(let code, let operation), .failed(let code, let operation):
            let reason = SystemError(code: code, operation: operation)
            shell.abandon(.stopped(.diskFailure("\(reason)")))
        }
    }

    func status(_ reply: @Sendable (ClusterStatus) -> Void, now: Moment) {
        reply(core.status(now: now))
    }

    /// - Returns: Why it can't be; `nil` when it is on its way.
    func request(_ wish: ClusterWish) -> String? { core.request(wish, into: &effects) }

    // MARK: Effects

    /// Whether there was nothing to do.
    func carryOutEffects(now: Moment) -> Bool {
        guard !effects.isEmpty else { return true }
        var taken: [HomeEffect] = []
        swap(&taken, &effects)
        for effect in taken { carryOut(effect, now: now) }
        return false
    }

    private func carryOut(_ effect: HomeEffect, now: Moment) {
        switch effect {
        case .datagram(let address, let bytes):
            guard let socket = shell.listeners?.packets else { return }
            names.find(address, now: now.boot, where: socket.canReach) {
                socket.send(bytes.span, to: $0)
            }
        case .frame(let node, let frame): shell.send(frame, to: node, .consensus)
        case .links(let peers):
            for mailbox in shell.mailboxes { mailbox.post(.links(peers)) }
        case .persistIdentity(let bytes): identityDisk?.submit(bytes)
        case .post(let message, .loop(let number)):
            if number == shell.index {
                shell.deliver(message, from: .home, now: now)
            } else if shell.mailboxes.indices.contains(number) {
                shell.mailboxes[number].post(.core(message, from: .home, to: .loop(number)))
            }
        case .post(let message, .home):
            core.received(message, from: .home, now: now, into: &effects)
        case .log(let level, let text): shell.context.log(level, text)
        case .stop(let reason): shell.abandon(.stopped(reason))
        }
    }
}
