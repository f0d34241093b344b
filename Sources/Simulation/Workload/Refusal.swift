/// What an error reply means for the command that got it (docs/guarantees.md).
package enum Refusal: Equatable, Sendable {
    /// Another node leads the shard; the command was not done.
    case moved(host: String, port: UInt16)
    /// Not done, and worth another try later.
    case notDone
    /// It may have been done, or still be done.
    case uncertain

    /// What `error` means; `nil` when it is the command's own reply.
    package init?(error: [UInt8]) {
        let words = error.split(separator: UInt8(ascii: " "), maxSplits: 3)
        guard let code = words.first else { return nil }
        switch String(decoding: code, as: UTF8.self) {
        case "MOVED":
            guard words.count >= 3 else { return nil }
            let address = String(decoding: words[2], as: UTF8.self)
            guard let colon = address.lastIndex(of: ":"),
                let port = UInt16(address[address.index(after: colon)...])
            else { return nil }
            self = .moved(host: String(address[..<colon]), port: port)
        case "CLUSTERDOWN", "TRYAGAIN", "LOADING", "OOM", "MISCONF": self = .notDone
        case "UNCERTAIN": self = .uncertain
        default: return nil
        }
    }
}
