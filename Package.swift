// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is built with.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
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
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0")
    ],
    targets: [
        .systemLibrary(
            name: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .target(name: "CPrimitives"),
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
        tests("PrimitivesTests", ["Primitives", "CPrimitives"]),
        tests("RESPTests", ["RESP", "Primitives"]),
        tests("KeyspaceTests", ["Keyspace", "RESP", "Primitives"]),
        tests("CommandsTests", ["Commands", "Keyspace", "RESP", "Primitives"]),
        tests("ConsensusTests", ["Consensus", "Primitives"]),
        tests("GossipTests", ["Gossip", "Primitives"], exclude: ["Scripts"]),
        tests("TopologyTests", ["Topology", "Primitives"]),
        tests("JournalTests", ["Journal", "Primitives"]),
        tests(
            "NodeTests",
            [
                "Node", "Commands", "Keyspace", "RESP", "Consensus", "Gossip", "Journal",
                "Topology", "Primitives",
            ]),
        tests("SimulationTests", ["Simulation", "Node", "Primitives"]),
    ],
    swiftLanguageModes: [.v6]
)
