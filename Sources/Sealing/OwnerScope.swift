// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Whose keys: one user in one workspace.
///
/// The salt is made when the user joins the workspace. All that was sealed for the owner depends on it, so destroying
/// the salt destroys all of it.
package struct OwnerScope: Hashable, Sendable {
    package static let saltBytes = 32

    package let workspace: WorkspaceID
    package let user: UserID
    package let salt: [UInt8]
    /// The salt before this one, while what it sealed is being sealed anew: opens and verifies, seals nothing.
    package let previousSalt: [UInt8]?

    package init(workspace: WorkspaceID, user: UserID, salt: [UInt8], previousSalt: [UInt8]? = nil) {
        self.workspace = workspace
        self.user = user
        self.salt = salt
        self.previousSalt = previousSalt
    }

    /// Whether the salt was destroyed, and with it everything that it sealed.
    package var isDestroyed: Bool { salt.isEmpty }

    /// The scope without the salt before.
    var settled: OwnerScope {
        previousSalt == nil ? self : OwnerScope(workspace: workspace, user: user, salt: salt)
    }

    /// The scope as it was with the salt before; nil when there is none.
    var previous: OwnerScope? {
        previousSalt.map { OwnerScope(workspace: workspace, user: user, salt: $0) }
    }

    package static func makeSalt() -> [UInt8] {
        Random.bytes(saltBytes)
    }

    /// Checks that keys of this scope may be trusted: a salt that was destroyed must not become one that is known.
    func checkSalt() throws(SealingError) {
        guard salt.count == Self.saltBytes else { throw .malformedSalt }
    }
}
