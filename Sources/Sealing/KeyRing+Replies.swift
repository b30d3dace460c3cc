// SPDX-License-Identifier: Apache-2.0

package import VaultModel

// What belongs to the system rather than to an owner: the kept answers to requests that may be repeated.
extension KeyRing {
    /// Seals an answer for `label`, which says whose and which request it answers.
    package func sealReply(
        _ bytes: [UInt8],
        workspace: WorkspaceID,
        label: String
    ) throws(SealingError) -> [UInt8] {
        try bytes.span.withUnsafeBytes { plaintext throws(SealingError) in
            try RecordLayout.seal(
                plaintext,
                under: active.system,
                epoch: active.number,
                boundTo: Self.binding(workspace: workspace, label: label)
            )
        }
    }

    /// Opens an answer that was sealed for the same label.
    package func openReply(
        _ reply: [UInt8],
        workspace: WorkspaceID,
        label: String
    ) throws(SealingError) -> [UInt8] {
        guard let layout = RecordLayout(reply) else { throw .malformedRecord }
        return try layout.open(
            under: keys(of: layout.epoch).system,
            boundTo: Self.binding(workspace: workspace, label: label)
        ) { plaintext throws(SealingError) in [UInt8](plaintext) }
    }

    private static func binding(workspace: WorkspaceID, label: String) -> CanonicalBytes {
        var binding = CanonicalBytes(reserving: 128)
        binding.append(prefixed: "reply")
        binding.append(prefixed: workspace.text)
        binding.append(prefixed: label)
        return binding
    }
}
