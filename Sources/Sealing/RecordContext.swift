// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What a sealed record is bound to; it opens under exactly this and nothing else.
///
/// Names are not part of it, so that renaming an entry seals nothing anew.
package struct RecordContext: Hashable, Sendable {
    package let scope: OwnerScope
    package let entry: EntryID
    package let version: Int64
    package let kind: EntryKind
    /// Which of the entry's sealed fields.
    package let field: String

    package init(scope: OwnerScope, entry: EntryID, version: Int64, kind: EntryKind, field: String = "value") {
        self.scope = scope
        self.entry = entry
        self.version = version
        self.kind = kind
        self.field = field
    }

    var binding: CanonicalBytes {
        var binding = CanonicalBytes(reserving: 160)
        binding.append(prefixed: "entry")
        binding.append(prefixed: scope.workspace.text)
        binding.append(prefixed: scope.user.text)
        binding.append(prefixed: entry.text)
        binding.append(version)
        binding.append(byte: kind.code)
        binding.append(prefixed: field)
        return binding
    }
}
