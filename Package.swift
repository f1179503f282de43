// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "buz-cdc",
    products: [
        .executable(name: "buz-cdc", targets: ["BuzCDC"]),
        .library(name: "SinkTesting", targets: ["SinkTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibMariaDB", pkgConfig: "libmariadb", providers: [.apt(["libmariadb-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CDuckDB"),
        .target(
            name: "CoreIngest",
            dependencies: ["CLibYAML", "CSQLite", "CLinux", .product(name: "Logging", package: "swift-log")]),
        .target(
            name: "LogicalDecoding",
            dependencies: ["CoreIngest", "CLibPQ", "CLinux", .product(name: "Logging", package: "swift-log")]),
        .target(name: "Registries", dependencies: ["CoreIngest", "HTTPClient", "CLibPQ"]),
        .target(name: "HTTPClient", dependencies: ["CoreIngest", "CLibCurl", "CLibCrypto", "CZlib", "CZstd"]),
        .target(
            name: "Sinks",
            dependencies: [
                "CoreIngest", "HTTPClient", "CDuckDB", "CLibPQ", "CLibMariaDB", "CLibCrypto", "CZlib", "CZstd",
                "CLinux",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "Collector",
            dependencies: [
                "CoreIngest", "CLibCrypto", "CZlib", "CZstd", "CLinux", .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(name: "SinkTesting", dependencies: ["CoreIngest"]),
        .executableTarget(
            name: "BuzCDC",
            dependencies: [
                "Collector", "CoreIngest", "LogicalDecoding", "Sinks", "Registries", "HTTPClient", "CLibPQ", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .target(name: "TestServers", path: "Tests/TestServers", exclude: ["Emulators"]),
        .testTarget(name: "CoreIngestTests", dependencies: ["CoreIngest", "SinkTesting", "TestServers"]),
        .testTarget(name: "LogicalDecodingTests", dependencies: ["LogicalDecoding", "SinkTesting", "TestServers"]),
        .testTarget(
            name: "CollectorTests",
            dependencies: [
                "Collector", "CoreIngest", "TestServers", "CZlib", "CZstd",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(name: "SinksTests", dependencies: ["Sinks", "HTTPClient", "SinkTesting", "TestServers", "CLibPQ"]),
        .testTarget(
            name: "RegistriesTests",
            dependencies: ["Registries", "CoreIngest", "HTTPClient", "SinkTesting", "TestServers"],
            exclude: ["Clients"]),
        .testTarget(name: "HTTPClientTests", dependencies: ["HTTPClient", "TestServers"]),
        .testTarget(
            name: "BuzCDCTests",
            dependencies: [
                "BuzCDC", "CoreIngest", "LogicalDecoding", "TestServers",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .testTarget(
            name: "IntegrationTests", dependencies: ["CoreIngest", "Sinks", "TestServers", "CLibPQ", "CLinux"],
            exclude: ["Clients"]),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings the main of this one, so it builds with its sanitizer only: see scripts/fuzz.sh.
if Context.environment["BUZ_FUZZ"] == "1" {
    package.targets.append(
        .executableTarget(
            name: "Fuzz", dependencies: ["CoreIngest", "LogicalDecoding", "Collector", "HTTPClient", "Sinks"],
            path: "Fuzz/Sources"))
}

// What scripts/bench/schemas.py asks; it needs nothing but the core.
if Context.environment["BUZ_BENCH"] == "1" {
    package.targets.append(
        .executableTarget(name: "SchemaBench", dependencies: ["CoreIngest"], path: "scripts/bench/SchemaBench"))
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ]
}

for target in package.targets where target.name == "Fuzz" {
    target.swiftSettings?.append(.unsafeFlags(["-parse-as-library"]))
}
