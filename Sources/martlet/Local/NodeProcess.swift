import Foundation
import Glibc

/// A process that was started as a node, told by its command line from any other that was given
/// the same pid since.
struct NodeProcess: Sendable {
    let pid: Int32
    /// The absolute path of the node's configuration, an argument of its process.
    let configuration: String

    enum State: Equatable, Sendable {
        case running
        /// Stopped by a signal.
        case paused
        /// Ended, or the pid belongs to another process.
        case gone
    }

    var state: State {
        guard
            Self.commandLine(of: pid).split(separator: 0)
                .contains(where: { $0.elementsEqual(configuration.utf8) })
        else { return .gone }
        return Self.state(of: pid)
    }

    private static func commandLine(of pid: Int32) -> Data {
        FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
    }

    /// What the system says of whichever process has the pid now.
    private static func state(of pid: Int32) -> State {
        guard let status = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
            return .gone
        }
        // The letter follows the command's name, which stands in parentheses and may hold any.
        let text = String(decoding: status, as: UTF8.self)
        guard let close = text.lastIndex(of: ")") else { return .gone }
        switch text[close...].dropFirst(2).first {
        case "T", "t": return .paused
        case "Z", "X", "x", nil: return .gone
        default: return .running
        }
    }

    /// Waits until a process that was just spawned shows its command line: while the system sets
    /// its memory up, after `posix_spawn` has returned, the line is empty, and the process would
    /// be taken for another one.
    private static func awaitCommandLine(of pid: Int32) {
        while commandLine(of: pid).isEmpty, state(of: pid) != .gone { usleep(100) }
    }

    /// Signals the process, unless it is gone.
    func signal(_ number: Int32) {
        guard state != .gone else { return }
        kill(pid, number)
    }

    /// Waits until the process is in a state.
    ///
    /// - Parameters:
    ///   - seconds: How long to wait at most.
    ///   - condition: Whether the state will do.
    /// - Returns: Whether it came to that in time.
    func wait(seconds: Double, until condition: (State) -> Bool) -> Bool {
        // A child that has ended would otherwise stay behind for as long as this process lives.
        defer { reapEnded() }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !condition(state) {
            guard ContinuousClock.now < deadline else { return false }
            usleep(10_000)
        }
        return true
    }

    /// Reaps a child that has ended. One that is just ending shows no command line any more, and so counts as
    /// gone, a moment before it can be reaped.
    private func reapEnded() {
        let deadline = ContinuousClock.now + .seconds(1)
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, WNOHANG) == 0, state == .gone,
            ContinuousClock.now < deadline
        {
            usleep(1000)
        }
    }

    /// How the process ended, if it is a child of this one and has.
    @discardableResult
    func reap() -> String? {
        var status: Int32 = 0
        guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? "exit status \((status >> 8) & 0xFF)" : "signal \(signal)"
    }

    /// The program that runs now.
    static func thisProgram() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    /// Starts a program in a session of its own, so that it outlives its caller and the caller's
    /// terminal.
    ///
    /// - Parameters:
    ///   - program: The path of its file.
    ///   - arguments: Without the program's name.
    ///   - log: The file that standard output and standard error are appended to.
    /// - Returns: The pid.
    /// - Throws: ``CommandFailure`` with the system's reason.
    static func spawn(_ program: String, _ arguments: [String], log: String) throws -> Int32 {
        closeOnSpawn()
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(
            &actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = setSession | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var vector = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe vector.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let status = unsafe posix_spawn(&pid, program, &actions, &attributes, &vector, environ)
        guard status == 0 else {
            let reason = unsafe String(cString: strerror(status))
            throw CommandFailure(.unavailable, "a node can't be started: \(reason)")
        }
        awaitCommandLine(of: pid)
        return pid
    }

    /// `POSIX_SPAWN_SETSID` of glibc's spawn.h, which Swift's import leaves out.
    private static let setSession: Int32 = 0x80

    /// Marks all but the standard streams to be closed in what is started from here.
    private static func closeOnSpawn() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap(Int32.init) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
