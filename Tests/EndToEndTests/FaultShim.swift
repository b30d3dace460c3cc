// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport

/// The library that stands between a server and its disk, compiled once a run.
enum FaultShim {
    /// The path of the library; a failure to compile is a failure of every test that needs it.
    static func library() async throws -> String { try await compiled.value }

    private static let compiled = Task { () async throws -> String in
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("FaultShim/fault_shim.c").path
        let directory = try TemporaryDirectory()
        let library = directory.appending("fault_shim.so")
        let result = try await run(
            "/usr/bin/env",
            ["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl", "-lpthread"],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        )
        guard result.status == 0 else { throw CompilerError(text: result.errors) }
        kept.withLock { $0 = directory }
        return library
    }

    /// Keeps the library's folder for as long as the tests run.
    private static let kept = Mutex<TemporaryDirectory?>(nil)

    struct CompilerError: Error {
        let text: String
    }
}
