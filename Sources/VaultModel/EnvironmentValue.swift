// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What the kernel accepts as one string of a process's environment.
///
/// `NAME=value` may have at most 131,071 bytes: `MAX_ARG_STRLEN` is 32 pages of 4 KiB and counts the closing NUL
/// (execve(2)). The figure for 4 KiB pages is used everywhere, so that a value moves between machines.
package enum EnvironmentValue {
    package static let maximumStringBytes = 131_071

    /// Checks that `NAME=value` can be handed to a process.
    package static func check(
        name: EnvironmentName,
        value: borrowing SecretBytes
    ) throws(EnvironmentValueError) {
        try value.withBytes { bytes throws(EnvironmentValueError) in
            if let base = bytes.baseAddress, memchr(base, 0, bytes.count) != nil { throw .containsNUL }
            guard name.text.utf8.count + 1 + bytes.count <= maximumStringBytes else { throw .tooLong }
        }
    }
}

/// Why a value cannot be handed to a process.
package enum EnvironmentValueError: Error, Equatable {
    case containsNUL
    case tooLong
}
