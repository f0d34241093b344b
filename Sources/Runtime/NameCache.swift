import EventLoop
import Primitives

/// Numeric addresses of the names that packets are sent to. Confined to its loop.
final class NameCache {
    /// Names move (containers are restarted), so they are looked up anew after this.
    private static let freshMilliseconds = 10_000
    private static let limit = 1024

    private struct Entry {
        var found: SocketAddress?
        var askedAt: Instant
    }

    private let loop: Loop
    private var entries = SortedMap<Address, Entry>()

    init(loop: Loop) { self.loop = loop }

    /// Calls `use` with the address: at once if it is known, later if it must be looked up first,
    /// never if the name is unknown or has no address that is fit.
    func find(
        _ address: Address, now: Instant, where isFit: @escaping (SocketAddress) -> Bool,
        _ use: @escaping (SocketAddress) -> Void
    ) {
        if let numeric = SocketAddress(address) {
            use(numeric)
            return
        }
        let known = entries[address]
        if let found = known?.found { use(found) }
        if let known, now.milliseconds(since: known.askedAt) < Self.freshMilliseconds { return }
        if known == nil, entries.count >= Self.limit { entries = SortedMap() }
        entries[address] = Entry(found: known?.found, askedAt: now)
        loop.resolve(address) { [weak self] result in
            guard let self, case .success(let addresses) = result,
                let first = addresses.first(where: isFit)
            else { return }
            entries[address]?.found = first
            if known?.found == nil { use(first) }
        }
    }
}
