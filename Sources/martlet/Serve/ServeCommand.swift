import ArgumentParser
import FlyingSocks
import Glibc
import Logging
import Node
import Runtime
import Settings

/// `martlet serve`: runs a node until it is asked to stop.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run a node.",
        usage: "martlet serve [--config FILE] [--insecure] [--KEY VALUE | --KEY=VALUE]...",
        discussion: """
            Without a configuration: a durable single-node cluster in ./martlet-data, on loopback. \
            Any setting of the file can be given as a flag, which overrides it.

            SETTINGS
            \(SettingsDocuments.flags)

            \(ProcessStatus.help)
            """)

    @Option(help: ArgumentHelp("The file of settings (TOML).", valueName: "file"))
    var config: String?

    @Flag(help: "Allow client listeners off loopback without a password.")
    var insecure = false

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Settings as flags: --KEY VALUE or --KEY=VALUE.", valueName: "setting"))
    var settings: [String] = []

    func run() throws {
        try reportingFailures {
            let loaded: NodeSettings
            do throws(SettingsError) {
                let flags = insecure ? settings + ["--security.insecure=true"] : settings
                loaded = try NodeSettings.load(file: config, flags: flags)
            } catch {
                throw CommandFailure(.settings, error.description)
            }
            let writer = try LogWriter(path: loaded.logFile)
            defer { writer.flush() }
            try NodeServer(settings: loaded, writer: writer).run()
        }
    }
}

/// A node and its admin listener, from start to end.
private struct NodeServer {
    let settings: NodeSettings
    let logger: Logger

    init(settings: NodeSettings, writer: LogWriter) {
        self.settings = settings
        logger = Logger(label: "martlet") { _ in
            LineLogHandler(
                level: Logger.Level(settings.logLevel), format: settings.logFormat,
                write: { writer.write($0) })
        }
    }

    func run() throws {
        logger.info(
            "martlet \(Martlet.version) starts in \(settings.dataDirectory), pid \(getpid())")
        let runtime: NodeRuntime
        do {
            runtime = try NodeRuntime.start(
                NodeConfiguration(settings) { [logger] level, text in
                    logger.log(level: Logger.Level(level), "\(text)")
                })
        } catch {
            throw failure(ProcessStatus(error), error.description)
        }
        let admin = try startAdmin(of: runtime)
        logger.info(
            """
            node \(runtime.nodeID) listens: cluster \(runtime.listeners.cluster), plain \
            \(runtime.listeners.plain.map { "\($0)" } ?? "off"), peer \(runtime.listeners.peer), admin \
            \(settings.adminListen)
            """)
        let reason = runtime.run()
        admin.cancel()
        try report(reason)
    }

    /// Opens the admin listener; a node without one would look dead, so it ends.
    private func startAdmin(of runtime: NodeRuntime) throws -> Task<Void, Never> {
        let address = settings.adminListen
        do {
            return try waitFor { [logger] in
                let server = try await AdminServer(
                    address: address, source: RuntimeStatusSource(runtime: runtime))
                return try await server.start { error in
                    logger.error("the admin listener at \(address) ended: \(error)")
                }
            }
        } catch {
            runtime.requestStop()
            _ = runtime.run()
            let reason = (error as? SocketError)?.reason ?? "\(error)"
            throw failure(.unavailable, "the admin listener can't use \(address): \(reason)")
        }
    }

    private func report(_ reason: ExitReason) throws {
        switch reason {
        case .signal(let number):
            logger.info("stopped by signal \(number)")
        case .requested:
            logger.info("stopped")
        case .stopTimedOut:
            logger.warning("stopped before the disk had finished; the next start recovers")
        case .stopped(.diskFailure(let text)):
            throw failure(.disk, text)
        case .stopped(.clonedIdentity(let text)):
            throw failure(.clonedIdentity, text)
        case .stopped(.unusable(let text)):
            throw failure(.badData, text)
        }
    }

    /// The log says why the process ends; so does standard error, unless they are one.
    private func failure(_ status: ProcessStatus, _ text: String) -> CommandFailure {
        if settings.logFile != nil || settings.logFormat == .json {
            logger.critical("\(text)")
        }
        return CommandFailure(status, text)
    }
}

extension ProcessStatus {
    init(_ error: StartError) {
        self =
            switch error {
            case .folderInUse, .folderUnusable: .folder
            case .portTaken, .listenerRefused: .unavailable
            case .newerFormat, .corrupt, .identity: .badData
            case .system: .internalError
            }
    }
}

extension Logger.Level {
    init(_ level: NodeSettings.LogThreshold) {
        self =
            switch level {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
    }

    init(_ level: LogLevel) {
        self =
            switch level {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
    }
}
