// swift-tools-version: 6.2
import PackageDescription

// The core with a mutex that the thread sanitizer knows, and the test that stresses it: see scripts/tsan.sh.
let package = Package(
    name: "buz-cdc-tsan",
    dependencies: [.package(url: "https://github.com/apple/swift-log", from: "1.16.2")],
    targets: [
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1"),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3"),
        .systemLibrary(name: "CLinux"),
        .target(
            name: "CoreIngest",
            dependencies: ["CLibYAML", "CSQLite", "CLinux", .product(name: "Logging", package: "swift-log")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
            ]),
        .testTarget(name: "StressTests", dependencies: ["CoreIngest"]),
    ],
    swiftLanguageModes: [.v6]
)
