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
    /// Removes a file, if it is there; a power cut may bring it back until the directory is next synced.
    case remove(name: String)

    /// Whether the operation waits for the disk and not only for the page cache.
    package var waitsForDisk: Bool {
        switch self {
        case .create, .rename, .sync, .replace: true
        case .write(_, _, _, let isSynced): isSynced
        case .remove: false
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
        case .remove(let name): "remove \(name)"
        }
    }

    package var byteCount: Int {
        switch self {
        case .write(_, _, let bytes, _), .replace(_, let bytes): bytes.count
        case .create(_, let byteCount): byteCount
        case .rename, .sync, .remove: 0
        }
    }
}
