// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is built with.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
    // The hot path goes through small functions of six modules, which are inlined only so
    // (docs/decisions/0016).
    .unsafeFlags(
        [
            "-enable-testing", "-cross-module-optimization",
            "-Xllvm", "-cmo-function-size-limit=200",
        ], .when(configuration: .release)),
]

/// A target of the pure core (docs/architecture.md): no I/O, clock, thread or global randomness.
func core(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "martlet",
    products: [
        // For the fuzzer, a package of its own in Tests/Fuzzing.
        .library(name: "FuzzTargets", targets: ["FuzzTargets"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .target(name: "CPrimitives"),
        .target(name: "CCrashMarker"),
        core("Primitives", ["CPrimitives"]),
        core("RESP", ["Primitives"]),
        core("Keyspace", ["Primitives", "RESP", "CPrimitives", "CXXHash"]),
        core("Commands", ["Primitives", "RESP", "Keyspace"]),
        core("Consensus", ["Primitives", deque]),
        core("Gossip", ["Primitives"]),
        core("Topology", ["Primitives"]),
        core("Journal", ["Primitives", deque]),
        core(
            "Node",
            [
                "Primitives", "RESP", "Keyspace", "Commands", "Consensus", "Gossip", "Topology",
                "Journal", deque,
            ]),
        core(
            "Simulation",
            [
                "Primitives", "RESP", "Keyspace", "Commands", "Consensus", "Gossip", "Topology",
                "Journal", "Node",
            ]),
        .target(
            name: "EventLoop", dependencies: ["Primitives", "CLibuv", "CCrashMarker"],
            swiftSettings: strict),
        .target(
            name: "Runtime",
            dependencies: [
                "Primitives", "RESP", "Consensus", "Gossip", "Topology", "Journal", "Node",
                "EventLoop", "CCrypto",
            ],
            swiftSettings: strict),
        .target(
            name: "Client", dependencies: ["Primitives", "RESP", "EventLoop", deque],
            swiftSettings: strict),
        .target(
            name: "Bench",
            dependencies: [
                "Primitives", "RESP", "EventLoop", "Client",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "Settings",
            dependencies: ["Primitives", .product(name: "TOMLKit", package: "TOMLKit")],
            swiftSettings: strict),
        .executableTarget(
            name: "martlet",
            dependencies: [
                "Primitives", "Settings", "Runtime", "Node", "Consensus", "Topology", "Simulation",
                "Bench",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ],
            swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Primitives", "RESP", "Keyspace", "Consensus", "Gossip", "Topology", "Journal",
                "Node", "Runtime", "Client",
            ],
            path: "Tests/FuzzTargets", swiftSettings: strict),
        tests("FuzzTests", ["FuzzTargets"], exclude: ["Corpus"]),
        tests("PrimitivesTests", ["Primitives", "CPrimitives"]),
        tests("RESPTests", ["RESP", "Primitives"], exclude: ["Scripts"]),
        tests("KeyspaceTests", ["Keyspace", "RESP", "Primitives"]),
        tests(
            "CommandsTests", ["Commands", "Keyspace", "RESP", "Primitives"],
            exclude: ["Golden", "Reference"]),
        tests("ConsensusTests", ["Consensus", "Primitives"], exclude: ["Scripts"]),
        tests("GossipTests", ["Gossip", "Primitives"], exclude: ["Scripts"]),
        tests("TopologyTests", ["Topology", "Primitives"]),
        tests("JournalTests", ["Journal", "Primitives"]),
        tests(
            "NodeTests",
            [
                "Node", "Commands", "Keyspace", "RESP", "Consensus", "Gossip", "Journal",
                "Topology", "Primitives",
            ]),
        tests("EventLoopTests", ["EventLoop", "Primitives"]),
        tests("RuntimeTests", ["Runtime", "Node", "Journal", "EventLoop", "Primitives"]),
        tests("ClientTests", ["Client", "EventLoop", "Primitives"]),
        tests("BenchTests", ["Bench", "Client", "EventLoop", "Primitives"]),
        tests("SettingsTests", ["Settings", "Primitives"]),
        tests(
            "MartletTests",
            [
                "martlet", "Settings", "Runtime", "EventLoop", "Primitives",
                .product(name: "FlyingSocks", package: "FlyingFox"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests("SimulationTests", ["Simulation", "Node", "Primitives"], exclude: ["Corpus"]),
    ],
    swiftLanguageModes: [.v6]
)
