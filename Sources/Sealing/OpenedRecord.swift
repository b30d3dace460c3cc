// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A sealed value that was opened.
package struct OpenedRecord: ~Copyable, Sendable {
    package let value: SecretBytes
    /// What may be shown of the value; made when it was sealed.
    package let mask: Mask

    /// Hands the value over without copying it.
    package consuming func takeValue() -> SecretBytes { value }
}
