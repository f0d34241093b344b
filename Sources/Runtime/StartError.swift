package import EventLoop
package import Primitives

/// Why a node doesn't start. Nothing was changed that a later start would miss.
package enum StartError: Error, Equatable, Sendable {
    /// Another process runs on the data folder; its id, if it could be read.
    case folderInUse(path: String, process: Int32?)
    /// The data folder can't be made, read or written.
    case folderUnusable(path: String, SystemError)
    /// A listener can't be opened since the address is taken.
    case portTaken(listener: String, Address)
    /// A listener can't be opened for another reason.
    case listenerRefused(listener: String, Address, SystemError)
    /// A later version of Martlet has written the folder.
    case newerFormat(path: String, String)
    /// What the folder holds can't be trusted.
    case corrupt(path: String, String)
    /// The folder belongs to something else than the configuration says.
    case identity(path: String, String)
    /// The system refuses a thread, a timer or the like.
    case system(SystemError)
}

extension StartError {
    /// What to say of a folder that has lost what its node has promised.
    static func lostPromises(_ what: String) -> String {
        "\(what), and with it what this node has promised; start the node with an empty folder, so that "
            + "it joins as a new one"
    }
}

extension StartError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .folderInUse(let path, let process):
            "the data folder \(path) is in use by "
                + (process.map { "process \($0)" } ?? "another process")
        case .folderUnusable(let path, let error):
            "the data folder \(path) can't be used: \(error)"
        case .portTaken(let listener, let address):
            "the \(listener) listener can't use \(address): another process listens there"
        case .listenerRefused(let listener, let address, let error):
            "the \(listener) listener can't use \(address): \(error.reason)"
        case .newerFormat(let path, let text):
            "the data folder \(path) was written by a newer version of Martlet: \(text)"
        case .corrupt(let path, let text):
            "the data folder \(path) is damaged: \(text)"
        case .identity(let path, let text):
            "the data folder \(path) doesn't fit the configuration: \(text)"
        case .system(let error):
            "the system refuses: \(error)"
        }
    }
}
