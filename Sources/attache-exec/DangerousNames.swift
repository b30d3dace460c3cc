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
            "BASHOPTS", "BASH_ENV", "DOTNET_STARTUP_HOOKS", "ENV", "GCONV_PATH", "GIT_EXEC_PATH", "GIT_SSH",
            "GIT_SSH_COMMAND", "GLIBC_TUNABLES", "HOME", "IFS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "LOCPATH",
            "NLSPATH", "NODE_OPTIONS", "NODE_PATH", "OPENSSL_CONF", "OPENSSL_ENGINES", "PATH", "PERL5DB", "PERL5LIB",
            "PERL5OPT", "PHPRC", "PROMPT_COMMAND", "PS4", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "RUBYLIB",
            "RUBYOPT", "SHELL", "SHELLOPTS", "SSLKEYLOGFILE", "SWIFT_BACKTRACE", "TMPDIR", "_JAVA_OPTIONS",
        ]
    }

    private static var dangerousPrefixes: [Text] { [ownPrefix, "DYLD_", "LD_", "MALLOC_"] }
}
