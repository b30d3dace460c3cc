// SPDX-License-Identifier: Apache-2.0

/// The name of an environment variable: `[A-Za-z_][A-Za-z0-9_]*`, at most 128 bytes.
///
/// Narrower than environ(7) on purpose: a name outside this set cannot be read by a shell, and dash drops it from its
/// children without a word.
package struct EnvironmentName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let maximumBytes = 128

    package let text: String

    package init(_ text: some StringProtocol) throws(EnvironmentNameError) {
        var copy = String(text)
        if let flaw = copy.withUTF8(Self.flaw) { throw flaw }
        self.text = copy
    }

    private static func flaw(_ bytes: UnsafeBufferPointer<UInt8>) -> EnvironmentNameError? {
        guard let first = bytes.first else { return .empty }
        guard bytes.count <= maximumBytes else { return .tooLong }
        guard isLetter(first) || first == UInt8(ascii: "_") else { return .invalidCharacter }
        return bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") } ? nil : .invalidCharacter
    }

    package var description: String { text }

    /// Whether this name changes how a process is loaded or what its runtime executes.
    ///
    /// Such a name is refused when an entry is written, unless the agent allows it by name.
    package var isDangerous: Bool {
        Self.dangerousNames.contains(text) || Self.dangerousPrefixes.contains { text.hasPrefix($0) }
    }

    /// Whether the name is one of the wrapper's own, which it removes from every environment.
    package var isReserved: Bool { text.hasPrefix("ATTACHE_") }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    /// The loader, the shells and the language runtimes read these.
    ///
    /// Kept in step with the wrapper's own list by a test that reads both.
    package static let dangerousNames: Set<String> = [
        "BASHOPTS", "BASH_ENV", "DOTNET_STARTUP_HOOKS", "ENV", "GCONV_PATH", "GIT_EXEC_PATH", "GIT_SSH",
        "GIT_SSH_COMMAND", "GLIBC_TUNABLES", "HOME", "IFS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "LOCPATH",
        "NLSPATH", "NODE_OPTIONS", "NODE_PATH", "OPENSSL_CONF", "OPENSSL_ENGINES", "PATH", "PERL5DB", "PERL5LIB",
        "PERL5OPT", "PHPRC", "PROMPT_COMMAND", "PS4", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "RUBYLIB",
        "RUBYOPT", "SHELL", "SHELLOPTS", "SSLKEYLOGFILE", "SWIFT_BACKTRACE", "TMPDIR", "_JAVA_OPTIONS",
    ]

    package static let dangerousPrefixes = ["ATTACHE_", "DYLD_", "LD_", "MALLOC_"]

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}

/// Why a text is not the name of an environment variable.
package enum EnvironmentNameError: Error, Equatable {
    case empty
    case tooLong
    case invalidCharacter
}
