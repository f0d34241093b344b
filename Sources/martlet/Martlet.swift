import ArgumentParser

/// The program: each subcommand is a line here.
@main
struct Martlet: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "A Redis-compatible cluster whose acknowledged writes survive.",
        version: version,
        subcommands: [
            ServeCommand.self,
            LocalCommand.self,
            ClusterCommand.self,
            BenchCommand.self,
            SimulateCommand.self,
        ])
}
