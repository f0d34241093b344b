// swift-tools-version: 6.2
import PackageDescription

// The fuzzer's driver. A package of its own, since it has libFuzzer's `main` and is built with
// instrumentation: `tools/fuzz` builds and runs it.
let package = Package(
    name: "fuzzing",
    dependencies: [.package(name: "martlet", path: "../..")],
    targets: [
        .executableTarget(
            name: "fuzz",
            dependencies: [.product(name: "FuzzTargets", package: "martlet")],
            swiftSettings: [
                .strictMemorySafety(),
                .treatAllWarnings(as: .error),
                .unsafeFlags(["-parse-as-library"]),
            ])
    ],
    swiftLanguageModes: [.v6]
)
