// SPDX-License-Identifier: Apache-2.0

/// One ``SecretBytes`` that several holders may refer to, such as a request's decoded body and the act made from it.
///
/// Wiped when the last holder lets go.
package final class SharedSecret: Sendable {
    package let bytes: SecretBytes

    package init(_ bytes: consuming SecretBytes) {
        self.bytes = bytes
    }

    package convenience init(copying bytes: some Collection<UInt8>) {
        self.init(SecretBytes(copying: bytes))
    }
}
