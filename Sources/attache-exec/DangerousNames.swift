// SPDX-License-Identifier: Apache-2.0

extension Text {
    /// Whether this name changes how a process is loaded or what its runtime executes.
    var isDangerousName: Bool {
        Text.dangerousNames.contains { $0 == self } || Text.dangerousPrefixes.contains { hasPrefix($0) }
    }

    /// What the server refuses to store, repeated here because an old entry or another server may still send it.
    ///
    /// `VaultModel/EnvironmentName.swift` has the same list; a test compares the two files.
    private static var dangerousNames: [Text] {
        [
            "BASH_ENV", "ENV", "GCONV_PATH", "GIT_EXEC_PATH", "GIT_SSH_COMMAND", "GLIBC_TUNABLES", "HOME", "IFS",
            "JAVA_TOOL_OPTIONS", "LOCPATH", "NLSPATH", "NODE_OPTIONS", "PATH", "PERL5LIB", "PERL5OPT", "PS4",
            "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "RUBYLIB", "RUBYOPT", "SHELL", "SHELLOPTS", "SSLKEYLOGFILE",
            "SWIFT_BACKTRACE", "TMPDIR", "_JAVA_OPTIONS",
        ]
    }

    private static var dangerousPrefixes: [Text] { [ownPrefix, "LD_", "MALLOC_"] }
}
