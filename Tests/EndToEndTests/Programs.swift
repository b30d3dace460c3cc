// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The built programs under test: beside the test bundle, or in `$ATTACHE_BIN_DIR`.
enum Programs {
    static let attache = path("attache")
    static let attacheExec = path("attache-exec")
    static let attacheHook = path("attache-hook")

    private static func path(_ name: String) -> String {
        if let folder = ProcessInfo.processInfo.environment["ATTACHE_BIN_DIR"] { return "\(folder)/\(name)" }
        // The runner is given the bundle's path, or is the bundle itself.
        let candidates = CommandLine.arguments.filter { $0.hasSuffix(".xctest") || $0 == CommandLine.arguments[0] }
        for candidate in candidates.reversed() {
            let folder = URL(fileURLWithPath: candidate).deletingLastPathComponent().path
            if FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") { return "\(folder)/\(name)" }
        }
        return name
    }
}
