import EventLoop
import Testing

/// Runs a loop until the test stops it; a test that hangs fails after ten seconds instead.
func runLoop(_ body: (Loop) throws -> Void) throws {
    let loop = try Loop()
    let guardTimer = LoopTimer(loop: loop)
    guardTimer.start(milliseconds: 10_000) {
        Issue.record("the loop was not stopped in time")
        loop.stop()
    }
    try body(loop)
    loop.run()
    loop.close()
}

/// An empty folder, removed when the test is over.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = "/tmp/martlet-test-\(SystemRandom.number())"
        try FileSystem.makeFolder(path)
    }

    deinit {
        for name in (try? FileSystem.names(in: path)) ?? [] {
            try? FileSystem.remove(path + "/" + name)
        }
        try? FileSystem.removeFolder(path)
    }
}
