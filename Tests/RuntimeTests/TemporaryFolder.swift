import EventLoop

/// An empty folder, removed with all that is in it when the test is over.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/martlet-test-\(SystemRandom.number())"
        try FileSystem.makeFolder(path)
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in (try? FileSystem.names(in: path)) ?? [] {
            let inner = path + "/" + name
            if (try? FileSystem.names(in: inner)) != nil {
                remove(inner)
            } else {
                try? FileSystem.remove(inner)
            }
        }
        try? FileSystem.removeFolder(path)
    }
}
