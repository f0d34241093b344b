import ArgumentParser

/// What the process ends with, after BSD's sysexits. Documented in docs/configuration.md.
enum ProcessStatus: Int32, CaseIterable, Error {
    case success = 0
    case usage = 64
    case badData = 65
    case unavailable = 69
    case internalError = 70
    case folder = 73
    case disk = 74
    case clonedIdentity = 76
    case settings = 78

    /// When it is used.
    var meaning: String {
        switch self {
        case .success: "done, or stopped as asked"
        case .usage: "the command line is wrong"
        case .badData:
            "the data folder can't be used: damaged, of a newer format, or of another cluster"
        case .unavailable:
            "a port is taken, a node doesn't answer, or a cluster isn't ready in time"
        case .internalError: "a defect of Martlet, or the system refuses it a resource"
        case .folder: "the data folder can't be made or written, or another process has it"
        case .disk: "a write to disk failed"
        case .clonedIdentity: "another live node has this folder's identity"
        case .settings: "a setting is wrong"
        }
    }

    /// Lines for `--help`.
    static var help: String {
        "EXIT STATUS\n"
            + allCases.map { "  \($0.rawValue)  \($0.meaning)" }.joined(separator: "\n")
    }
}

/// Why a command ends early, and with what status; the text goes to standard error.
struct CommandFailure: Error {
    var status: ProcessStatus
    var text: String

    init(_ status: ProcessStatus, _ text: String) {
        self.status = status
        self.text = text
    }
}

/// Runs a command's body; a failure is written to standard error and becomes the exit status.
func reportingFailures(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let failure as CommandFailure {
        Console.error("martlet: \(failure.text)")
        throw ExitCode(failure.status.rawValue)
    }
}
