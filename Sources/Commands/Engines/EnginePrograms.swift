// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The programs that an engine runs, each where the engine will find it.
package struct EnginePrograms: Equatable, Sendable {
    /// attache-hook, with attache-runtime beside it: the same program by another name.
    package let hook: String
    /// attache-exec.
    package let wrapper: String

    /// `hook` is the one to use; without it, the one beside this program.
    package init(
        hook: String?,
        environment: [String: String],
        programFolder: String? = Wrapper.programFolder
    ) throws(CommandError) {
        wrapper = try Wrapper.find(environment: environment, programFolder: programFolder).path
        let hook = hook ?? programFolder.map { "\($0)/attache-hook" } ?? "attache-hook"
        guard hook.hasPrefix("/") else { throw .usage("--hook takes an absolute path") }
        let runtime = hook[...(hook.lastIndex(of: "/") ?? hook.startIndex)] + "attache-runtime"
        for path in [hook, String(runtime)] where access(path, X_OK) != 0 {
            throw .usage(
                "\(path) is not there",
                hint: "make install puts attache-hook and attache-runtime in one folder"
            )
        }
        self.hook = hook
    }
}
