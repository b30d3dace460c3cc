// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A value on its way through JSON.
///
/// Moved into wiped memory as soon as it is decoded. The decoder's own buffers are not wiped; SECURITY.md says so.
package struct SecretText: Codable, Sendable {
    package let secret: SharedSecret

    package init(_ secret: SharedSecret) {
        self.secret = secret
    }

    package init(from decoder: any Decoder) throws {
        var text = try decoder.singleValueContainer().decode(String.self)
        secret = text.withUTF8 { SharedSecret(copying: $0) }
    }

    /// Writes the value as a JSON string.
    ///
    /// Fails for a value that is not UTF-8, which JSON cannot carry.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let text = secret.bytes.withBytes { String(validating: $0, as: UTF8.self) }
        guard let text else {
            throw EncodingError.invalidValue(
                "value",
                .init(codingPath: encoder.codingPath, debugDescription: "the value is not UTF-8")
            )
        }
        try container.encode(text)
    }
}
