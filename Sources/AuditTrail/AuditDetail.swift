// SPDX-License-Identifier: Apache-2.0

/// One more fact about an act: a count, a choice.
///
/// Never a value, a mask or a token.
package struct AuditDetail: Hashable, Sendable {
    package let key: String
    package let value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}
