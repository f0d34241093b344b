/// What a virtual disk can be asked to do. File names are those of one directory.
package enum DiskOperation: Equatable, Sendable {
    /// Makes a file of zeros; it and its name are durable when this is done.
    case create(name: String, byteCount: Int)
    /// Renames a file over whatever has the new name; durable when this is done.
    case rename(from: String, to: String)
    /// Overwrites a part of a file, and makes all of the file durable if `isSynced`.
    case write(name: String, offset: Int, bytes: [UInt8], isSynced: Bool)
    case sync(name: String)
    /// Puts a whole file in place of another or of none, atomically and durably.
    case replace(name: String, bytes: [UInt8])
    /// Adds to a file, if it is there; a power cut may leave any part of it.
    case append(name: String, bytes: [UInt8])
    /// Makes a file durable and then renames it, if it is there; durable when this is done.
    case publish(from: String, to: String)
    /// Keeps so much room for what is appended when there is no other.
    case reserve(byteCount: Int)
    /// Gives up what is kept for a file that is to be created, if it is enough.
    case giveReserve(byteCount: Int)
    /// Reads a part of a file.
    case read(name: String, offset: Int, byteCount: Int)
    /// Removes a file, if it is there; a power cut may bring it back until the directory is next synced.
    case remove(name: String)
    /// Removes a file that was being appended to, if it is there.
    case discard(name: String)

    /// Whether the operation waits for the disk and not only for the page cache.
    package var waitsForDisk: Bool {
        switch self {
        case .create, .rename, .sync, .replace, .publish: true
        case .write(_, _, _, let isSynced): isSynced
        case .remove, .discard, .append, .reserve, .giveReserve, .read: false
        }
    }

    /// Whether there must be room for it.
    package var takesRoom: Bool {
        switch self {
        case .create, .append, .replace: true
        case .rename, .write, .sync, .publish, .reserve, .giveReserve, .read, .remove, .discard:
            false
        }
    }

    /// The operation without the bytes.
    package var summary: String {
        switch self {
        case .create(let name, let byteCount): "create \(name) of \(byteCount)"
        case .rename(let from, let to): "rename \(from) to \(to)"
        case .write(let name, let offset, let bytes, let isSynced):
            "write \(name) at \(offset) \(bytes.count) bytes\(isSynced ? ", sync" : "")"
        case .sync(let name): "sync \(name)"
        case .replace(let name, let bytes): "replace \(name) by \(bytes.count) bytes"
        case .append(let name, let bytes): "append \(bytes.count) bytes to \(name)"
        case .publish(let from, let to): "sync \(from) and rename it to \(to)"
        case .reserve(let byteCount): "reserve \(byteCount)"
        case .giveReserve(let byteCount): "give \(byteCount) of the reserve"
        case .read(let name, let offset, let byteCount):
            "read \(byteCount) bytes at \(offset) of \(name)"
        case .remove(let name): "remove \(name)"
        case .discard(let name): "discard \(name)"
        }
    }

    package var byteCount: Int {
        switch self {
        case .write(_, _, let bytes, _), .replace(_, let bytes), .append(_, let bytes): bytes.count
        case .create(_, let byteCount), .read(_, _, let byteCount): byteCount
        case .rename, .sync, .remove, .discard, .publish, .reserve, .giveReserve: 0
        }
    }
}
