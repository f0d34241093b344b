import Foundation
import FuzzTargets
import Testing

/// Every input that the fuzzer has kept, and every one that it has found something with.
@Suite("The fuzz corpus") struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Corpus")

    @Test("has no input that breaks its target", arguments: FuzzTarget.allCases)
    func replay(target: FuzzTarget) throws {
        let folder = Self.folder.appending(path: target.rawValue)
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil
        ).sorted { $0.path < $1.path }
        #expect(!files.isEmpty)
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: file))
            #expect(throws: Never.self, "\(target)/\(file.lastPathComponent)") {
                try target.run(bytes)
            }
        }
    }

    @Test("begins from inputs that hold", arguments: FuzzTarget.allCases)
    func seeds(target: FuzzTarget) {
        for (number, seed) in target.seeds.enumerated() {
            #expect(throws: Never.self, "seed \(number) of \(target)") { try target.run(seed) }
        }
    }
}
