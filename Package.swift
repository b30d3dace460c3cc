// swift-tools-version: 6.2
// One section per layer, lowest first; alphabetical inside; one dependency a line. `.ci/check-layers` holds the
// imports against this file.

import PackageDescription

// What of an executable is in memory when nothing uses it: relocations of two bits each instead of 24 bytes, no table of
// names for libraries that it never loads, and one copy of functions that are alike. A sixth of the server's memory.
let compactExecutable = [
    "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-Xlinker", "--no-export-dynamic", "-Xlinker",
    "--icf=safe",
]

// The programs in front of others are Embedded Swift and static. No test target may depend on one, or its linker flags would
// reach the tests. A section for each function lets the linker drop those that nothing calls; nothing is ever unwound, so
// nobody needs the index of the tables for it.
let embedded: [SwiftSetting] = [
    .enableExperimentalFeature("Embedded"),
    .unsafeFlags(["-wmo"]),
    .unsafeFlags(["-Xfrontend", "-function-sections"], .when(configuration: .release)),
]
let small: SwiftSetting = .unsafeFlags(["-Osize"], .when(configuration: .release))
let stripped: LinkerSetting = .unsafeFlags(
    ["-Xlinker", "-s", "-Xlinker", "--no-eh-frame-hdr"],
    .when(configuration: .release)
)
let kernelFlags: [CSetting] = [
    .unsafeFlags(["-Wall", "-Wextra", "-Werror"]),
    .unsafeFlags(["-Os", "-ffunction-sections", "-fno-asynchronous-unwind-tables"], .when(configuration: .release)),
]

// What is started again and again is linked with musl, which begins in a third of glibc's time
// (docs/decisions/0045-musl.md).
#if arch(arm64)
    let musl = "aarch64-linux-musl"
#else
    let musl = "x86_64-linux-musl"
#endif
let muslHeaders: CSetting = .unsafeFlags(["-nostdlibinc", "-isystem", "/usr/include/\(musl)"])
let muslExecutable: LinkerSetting = .unsafeFlags(
    ["-static-executable"]
        + ["-nostdlib", "/usr/lib/\(musl)/crt1.o", "-L/usr/lib/\(musl)", "-lc", "-lgcc"]
        .flatMap { ["-Xclang-linker", $0] }
)

let package = Package(
    name: "attache",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "attache", targets: ["attache"]),
        .executable(name: "attache-exec", targets: ["attache-exec"]),
        .executable(name: "attache-hook", targets: ["attache-hook"]),
        .executable(name: "attache-exec-tls", targets: ["attache-exec-tls"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // 0 · values and C
        .systemLibrary(
            name: "CLibArchive",
            providers: [.apt(["libarchive-dev"])]
        ),
        .target(name: "CKernel", cSettings: kernelFlags),
        // The same for what is linked with musl, through a link to its folder.
        .target(
            name: "CKernelMusl",
            exclude: ["heap", "memory_mount", "peer"].map { "CKernel/\($0).c" },
            publicHeadersPath: "CKernel/include",
            cSettings: kernelFlags + [muslHeaders]
        ),
        .target(
            name: "CResolver",
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [.linkedLibrary("resolv")]
        ),
        .target(
            name: "COpenSSL",
            dependencies: ["CKernel"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [
                .linkedLibrary("ssl"),
                .linkedLibrary("crypto"),
            ]
        ),
        .target(name: "VaultModel", dependencies: ["CKernel"]),

        // 1 · mechanisms
        .target(name: "APITypes", dependencies: ["VaultModel"]),
        .target(name: "AccessRules", dependencies: ["VaultModel"]),
        .target(name: "BackupArchive", dependencies: ["CLibArchive"]),
        .target(name: "ContainerEdits"),
        .target(name: "EnvironmentFile", dependencies: ["CLibArchive", "VaultModel"]),
        .target(
            name: "HTTP2Faults",
            dependencies: [.product(name: "NIOHTTP2", package: "swift-nio-http2")]
        ),
        .target(
            name: "HTTPMessages",
            dependencies: [
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        .target(name: "ProviderCatalog", dependencies: ["VaultModel"]),
        .target(
            name: "ProxyRules",
            dependencies: [
                "VaultModel",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .target(
            name: "Sealing",
            dependencies: [
                "CKernel",
                "VaultModel",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]
        ),
        .target(name: "UnixSockets"),

        // 2 · built on mechanisms
        .target(
            name: "AuditTrail",
            dependencies: [
                "Sealing",
                "VaultModel",
            ]
        ),
        .target(
            name: "ImageArchive",
            dependencies: [
                "BackupArchive",
                "ContainerEdits",
                "Sealing",
            ]
        ),
        .target(
            name: "Storage",
            dependencies: [
                "VaultModel",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),

        // 3 · the one door, and the client of it
        .target(
            name: "APIClient",
            dependencies: [
                "APITypes",
                "VaultModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .target(
            name: "EngineClient",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .target(
            name: "VaultCore",
            dependencies: [
                "APITypes",
                "AccessRules",
                "AuditTrail",
                "BackupArchive",
                "CKernel",
                "EnvironmentFile",
                "ProviderCatalog",
                "ProxyRules",
                "Sealing",
                "Storage",
                "VaultModel",
            ]
        ),

        // 4 · surfaces
        .target(
            name: "CredentialProxy",
            dependencies: [
                "APITypes",
                "CResolver",
                "HTTP2Faults",
                "HTTPMessages",
                "ProviderCatalog",
                "ProxyRules",
                "VaultCore",
                "VaultModel",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ]
        ),
        .target(
            name: "EnginePlugins",
            dependencies: [
                "APIClient",
                "APITypes",
                "CKernel",
                "ContainerEdits",
                "EnvironmentFile",
                "UnixSockets",
                "VaultModel",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "HTTPAPI",
            dependencies: [
                "APITypes",
                "CKernel",
                "HTTP2Faults",
                "HTTPMessages",
                "VaultCore",
                "VaultModel",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "MailDelivery",
            dependencies: [
                "VaultModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),

        // 5 · wiring
        .target(
            name: "Commands",
            dependencies: [
                "APIClient",
                "APITypes",
                "CKernel",
                "ContainerEdits",
                "EngineClient",
                "EnginePlugins",
                "EnvironmentFile",
                "ImageArchive",
                "ServerApp",
                "VaultModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .target(
            name: "ServerApp",
            dependencies: [
                "APITypes",
                "BackupArchive",
                "CKernel",
                "CredentialProxy",
                "HTTPAPI",
                "MailDelivery",
                "ProxyRules",
                "Sealing",
                "Storage",
                "UnixSockets",
                "VaultCore",
                "VaultModel",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),

        // 6 · executables
        .executableTarget(
            name: "attache",
            dependencies: [
                "CKernel",
                "Commands",
            ],
            linkerSettings: [.unsafeFlags(compactExecutable, .when(configuration: .release))]
        ),
        .executableTarget(
            name: "attache-exec",
            dependencies: ["CKernelMusl"],
            swiftSettings: embedded + [small],
            linkerSettings: [muslExecutable, stripped]
        ),
        // The same program with TLS, through a link to its folder (docs/decisions/0010-tls-by-linking.md). OpenSSL, and the
        // look-up of names, are glibc's.
        .executableTarget(
            name: "attache-exec-tls",
            dependencies: ["CKernel", "COpenSSL"],
            swiftSettings: embedded + [small],
            linkerSettings: [.unsafeFlags(["-static-executable"]), stripped]
        ),
        // Started several times for each container. Its folder has a link to ContainerEdits, which is so compiled a second
        // time, in Embedded Swift.
        .executableTarget(
            name: "attache-hook",
            dependencies: ["CKernelMusl"],
            exclude: [
                "CDISpecification", "ComposeMessage", "ContainerdFile", "DockerDaemonFile", "ImageEdit",
                "PodmanHookFile",
            ].map { "ContainerEdits/\($0).swift" },
            swiftSettings: embedded,
            linkerSettings: [muslExecutable, stripped]
        ),

        // Tests
        .testTarget(
            name: "APIClientTests",
            dependencies: [
                "APIClient",
                "APITypes",
                "VaultModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(name: "APITypesTests", dependencies: ["APITypes", "VaultModel"]),
        .testTarget(name: "AccessRulesTests", dependencies: ["AccessRules", "VaultModel"]),
        .testTarget(name: "AuditTrailTests", dependencies: ["AuditTrail", "Sealing", "VaultModel"]),
        .testTarget(name: "ContainerEditsTests", dependencies: ["ContainerEdits"]),
        .testTarget(
            name: "EnginePluginsTests",
            dependencies: ["APITypes", "EnginePlugins", "TestSupport", "VaultModel"]
        ),
        .testTarget(name: "EnvironmentFileTests", dependencies: ["CLibArchive", "EnvironmentFile", "VaultModel"]),
        .testTarget(name: "ExecTests", dependencies: ["TestSupport"]),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "APIClient",
                "APITypes",
                "CKernel",
                "Commands",
                "ContainerEdits",
                "EnvironmentFile",
                "VaultModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "APITypes",
                "Storage",
                "TestSupport",
                "VaultModel",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["FaultShim", "HTTP2Client", "MailSink", "PythonSDKs", "TLSFront"]
        ),
        .testTarget(
            name: "CredentialProxyTests",
            dependencies: [
                "APITypes",
                "CredentialProxy",
                "HTTPMessages",
                "ProxyRules",
                "TestSupport",
                "VaultCore",
                "VaultModel",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .testTarget(
            name: "HTTPAPITests",
            dependencies: [
                "APITypes",
                "CKernel",
                "HTTPAPI",
                "HTTPMessages",
                "TestSupport",
                "VaultCore",
                "VaultModel",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "HTTPMessagesTests",
            dependencies: [
                "HTTPMessages",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "ImageArchiveTests",
            dependencies: ["BackupArchive", "ContainerEdits", "ImageArchive", "Sealing", "TestSupport"]
        ),
        .testTarget(
            name: "MailDeliveryTests",
            dependencies: ["MailDelivery", "TestSupport", "VaultModel"]
        ),
        .testTarget(
            name: "ProviderCatalogTests",
            dependencies: ["EnvironmentFile", "ProviderCatalog", "ProxyRules", "VaultModel"]
        ),
        .testTarget(
            name: "ProxyRulesTests",
            dependencies: [
                "ProxyRules",
                "VaultModel",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .testTarget(
            name: "SealingTests",
            dependencies: [
                "Sealing",
                "VaultModel",
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .target(
            name: "StorageConformance",
            dependencies: ["Storage", "VaultModel"],
            path: "Tests/StorageConformance"
        ),
        .target(name: "CSyncProbe", path: "Tests/StorageTests/SyncProbe"),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "CSyncProbe",
                "Storage",
                "StorageConformance",
                "TestSupport",
                "VaultModel",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["SyncProbe"]
        ),
        .testTarget(name: "UnixSocketsTests", dependencies: ["TestSupport", "UnixSockets"]),
        .target(
            name: "TestSupport",
            dependencies: ["APITypes", "Sealing", "Storage", "VaultCore", "VaultModel"],
            path: "Tests/TestSupport"
        ),
        .testTarget(
            name: "VaultCoreTests",
            dependencies: [
                "APITypes",
                "BackupArchive",
                "Sealing",
                "Storage",
                "TestSupport",
                "VaultCore",
                "VaultModel",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
    ]
)

if Context.environment["ATTACHE_BENCH"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "EnvironmentFile",
                "Sealing",
                "VaultModel",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Tests/Benchmarks"
        )
    )
}

// One libFuzzer program for each parser of what strangers write; `.ci/fuzz` builds and runs them.
if Context.environment["ATTACHE_FUZZ"] != nil {
    package.targets += [
        .executableTarget(
            name: "ArchiveFuzzer",
            dependencies: ["EnvironmentFile", "VaultModel"],
            path: "Tests/Fuzzing/ArchiveFuzzer",
            exclude: ["Corpus"],
            // libFuzzer brings `main`.
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
        .executableTarget(
            name: "BundleFuzzer",
            dependencies: ["ContainerEdits"],
            path: "Tests/Fuzzing/BundleFuzzer",
            exclude: ["Corpus"],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
        .executableTarget(
            name: "EnvironmentFileFuzzer",
            dependencies: ["EnvironmentFile", "VaultModel"],
            path: "Tests/Fuzzing/EnvironmentFileFuzzer",
            exclude: ["Corpus"],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
        .executableTarget(
            name: "MessageFuzzer",
            dependencies: [
                "HTTPMessages",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Tests/Fuzzing/MessageFuzzer",
            exclude: ["Corpus"],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
        .executableTarget(
            name: "RequestBodyFuzzer",
            dependencies: ["APITypes"],
            path: "Tests/Fuzzing/RequestBodyFuzzer",
            exclude: ["Corpus"],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
        .executableTarget(
            name: "ScrubberFuzzer",
            dependencies: ["ProxyRules", "VaultModel"],
            path: "Tests/Fuzzing/ScrubberFuzzer",
            exclude: ["Corpus"],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
        .executableTarget(
            name: "SealingFuzzer",
            dependencies: ["Sealing", "VaultModel"],
            path: "Tests/Fuzzing/SealingFuzzer",
            exclude: ["Corpus"],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
        .executableTarget(
            name: "StartRequestFuzzer",
            dependencies: [
                "APITypes",
                "HTTPAPI",
                "TestSupport",
                "VaultCore",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Fuzzing/StartRequestFuzzer",
            exclude: ["Corpus"],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
        .executableTarget(
            name: "TargetFuzzer",
            dependencies: ["ProxyRules"],
            path: "Tests/Fuzzing/TargetFuzzer",
            exclude: ["Corpus"],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
    ]
}

for target in package.targets where target.type != .system && target.type != .plugin {
    // Swift settings do nothing to a target of C.
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .swiftLanguageMode(.v6),
            .treatAllWarnings(as: .error),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("ImmutableWeakCaptures"),
            .enableUpcomingFeature("InferIsolatedConformances"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
