import Primitives
import Settings
import Testing

/// Loads `text` as `node.toml`, beside the files that a test names.
private func load(
    _ text: String, flags: [String] = [], others: [(path: String, content: String)] = []
) throws(SettingsError) -> NodeSettings {
    let files = SettingsFiles { path throws(FileFailure) in
        if path == "node.toml" { return text }
        guard let other = others.first(where: { $0.path == path }) else {
            throw FileFailure(reason: "No such file or directory")
        }
        return other.content
    }
    return try NodeSettings.load(file: "node.toml", flags: flags, files: files)
}

private func refusal(_ text: String, flags: [String] = []) -> String {
    do throws(SettingsError) {
        _ = try load(text, flags: flags)
        return "accepted"
    } catch {
        return error.description
    }
}

@Suite("Settings")
struct SettingsLoaderTests {
    @Test("are the defaults without a file or flags")
    func defaults() throws {
        #expect(try NodeSettings.load(file: nil) == NodeSettings())
        #expect(try load("") == NodeSettings())
    }

    @Test("come from the file, and a flag overrides it")
    func layers() throws {
        let text = """
            durability = "periodic"
            [node]
            loops = 2
            [cluster]
            name = "prod"
            secret = "0123456789abcdef"
            seeds = ["a.example:17000", "[::1]:17001"]
            [limits]
            max-bulk-length = 1048576
            query-buffer = "2gb"
            [raft]
            election-timeout = "1s"
            """
        let settings = try load(
            text, flags: ["--node.loops", "4", "--cluster.name=other", "--log.format", "json"])
        #expect(settings.durability == .periodic)
        #expect(settings.loopCount == 4)
        #expect(settings.clusterName == "other")
        #expect(settings.logFormat == .json)
        #expect(
            settings.seeds == [
                Address(host: "a.example", port: 17000), Address(host: "::1", port: 17001),
            ])
        #expect(settings.bulkByteCountLimit == 1_048_576)
        #expect(settings.queryBufferByteCountLimit == 2 << 30)
        #expect(settings.electionMilliseconds == 1000)
    }

    @Test("read secrets from the file that they name, without the line's end")
    func secretFile() throws {
        let settings = try load(
            "[cluster]\nsecret = \"file:keys/secret\"",
            others: [("keys/secret", "0123456789abcdef\n")])
        #expect(settings.secret == "0123456789abcdef")
    }

    @Test(
        "are refused with the place, what was found, what was expected and the nearest key",
        arguments: [
            (
                "[cluster]\nsecret = \"0123456789abcdef\"\nseeds = [\"a:1\", 7001]",
                "node.toml: cluster.seeds[1]: found the integer 7001, expected an address and port "
                    + "(\"host:17000\")"
            ),
            (
                "[cluster]\nsedes = []",
                "node.toml: cluster.sedes: found an unknown key, expected a setting of "
                    + "docs/configuration.md; did you mean cluster.seeds?"
            ),
            (
                "[clutser]\nname = \"x\"",
                "node.toml: clutser: found an unknown key, expected a setting of "
                    + "docs/configuration.md; did you mean cluster?"
            ),
            (
                "loops = 2",
                "node.toml: loops: found an unknown key, expected a setting of "
                    + "docs/configuration.md; did you mean node.loops?"
            ),
            (
                "xyzzyplugh = 2",
                "node.toml: xyzzyplugh: found an unknown key, expected a setting of "
                    + "docs/configuration.md"
            ),
            (
                "node = 3",
                "node.toml: node: found the integer 3, expected a section [node]"
            ),
            (
                "[node]\nloops = \"two\"",
                "node.toml: node.loops: found the text \"two\", expected an integer from 1 to 64"
            ),
            (
                "[node]\nloops = 65",
                "node.toml: node.loops: found the integer 65, expected an integer from 1 to 64"
            ),
            (
                "durability = \"always\"",
                "node.toml: durability: found the text \"always\", expected \"sync\" or \"periodic\""
            ),
            (
                "[raft]\nheartbeat = 50",
                "node.toml: raft.heartbeat: found the integer 50, expected a duration from 10ms to "
                    + "10s, with its unit (\"300ms\")"
            ),
            (
                "[security]\npassword = 12345",
                "node.toml: security.password: found an integer, expected a text of 1 to 512 bytes, "
                    + "or \"file:PATH\""
            ),
            (
                "[cluster]\nsecret = \"hunter2\"",
                "node.toml: cluster.secret: found a text of 7 bytes, expected a text of 16 to 1024 "
                    + "bytes, or \"file:PATH\""
            ),
            (
                "[cluster]\nsecret = \"file:gone\"",
                "node.toml: cluster.secret: found the file gone, which can't be read (No such file "
                    + "or directory), expected a text of 16 to 1024 bytes, or \"file:PATH\""
            ),
            (
                "[listen]\ncluster = \"localhost:7000\"",
                "node.toml: listen.cluster: found the text \"localhost:7000\", expected a numeric "
                    + "address and port to listen on (\"127.0.0.1:7000\", \"[::1]:7000\")"
            ),
        ])
    func refusals(text: String, message: String) {
        #expect(refusal(text) == message)
    }

    @Test(
        "are refused where they contradict each other",
        arguments: [
            (
                "[cluster]\nseeds = [\"a:1\"]",
                "cluster.secret: found no value, expected the secret that all nodes share, since "
                    + "cluster.seeds names some"
            ),
            (
                "[cluster]\nsecret = \"0123456789abcdef\"\nseeds = [\"a:1\", \"b:1\", \"a:1\"]",
                "node.toml: cluster.seeds[2]: found a:1 again, expected each seed once"
            ),
            (
                "[listen]\npeer = \"127.0.0.1:7000\"",
                "node.toml: listen.peer: found 127.0.0.1:7000, expected another port than "
                    + "listen.cluster's"
            ),
            (
                "[listen]\npeer = \"0.0.0.0:17000\"",
                "advertise.peer: found no value, expected the address at which others reach "
                    + "listen.peer"
            ),
            (
                "[listen]\ncluster = \"10.0.0.1:7000\"",
                "node.toml: listen.cluster: found 10.0.0.1:7000, not on loopback, without a "
                    + "password, expected security.password, a loopback address, or --insecure to "
                    + "insist"
            ),
            (
                "[raft]\nheartbeat = \"200ms\"",
                "raft.election-timeout: found 300ms, expected at least three times raft.heartbeat "
                    + "(200ms)"
            ),
        ])
    func contradictions(text: String, message: String) {
        #expect(refusal(text) == message)
    }

    @Test("allow a client listener off loopback with a password, or when insisted on")
    func openListener() {
        let open = "[listen]\ncluster = \"10.0.0.1:7000\"\n"
        #expect(refusal(open + "[security]\npassword = \"x\"") == "accepted")
        #expect(refusal(open, flags: ["--security.insecure"]) == "accepted")
    }

    @Test("name line and column of a syntax error")
    func syntaxErrors() {
        #expect(refusal("[node]\nloops = = 2").hasPrefix("node.toml:2:9: found a syntax error"))
        #expect(refusal("[node]\nloops = 1\nloops = 2").hasPrefix("node.toml:3:"))
    }

    @Test(
        "refuse flags as they refuse the file",
        arguments: [
            (
                ["--cluster.nmae", "x"],
                "--cluster.nmae: found an unknown key, expected a setting of docs/configuration.md; "
                    + "did you mean cluster.name?"
            ),
            (
                ["--node.loops=0"],
                "--node.loops: found the integer 0, expected an integer from 1 to 64"
            ),
            (["--node.loops"], "--node.loops: found no value, expected an integer from 1 to 64"),
            (["loops"], "loops: found an argument, expected --KEY VALUE or --KEY=VALUE"),
            (
                ["--cluster.seeds", "a:1,b"],
                "--cluster.seeds[1]: found the text \"b\", expected an address and port "
                    + "(\"host:17000\")"
            ),
        ])
    func flags(flags: [String], message: String) {
        #expect(refusal("", flags: flags) == message)
    }

    @Test("name everything that is wrong at once")
    func allProblems() {
        let message = refusal("durability = 1\n[node]\nloop = 1")
        #expect(message.split(separator: "\n").count == 2)
    }

    @Test("say which file can't be read")
    func missingFile() {
        let error = #expect(throws: SettingsError.self) {
            _ = try NodeSettings.load(file: "/nonexistent/node.toml")
        }
        #expect(
            error?.description
                == "/nonexistent/node.toml: found a file that can't be read (No such file or "
                + "directory), expected settings in TOML")
    }
}
