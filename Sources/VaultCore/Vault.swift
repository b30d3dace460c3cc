// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Storage
internal import VaultModel

/// The one door to what the vault keeps.
///
/// Every method takes the caller and goes through ``read(_:by:_:)`` or ``write(_:by:once:_:)``: authorize, record, act,
/// in one transaction. What a method returns has been committed, its audit entry with it.
package struct Vault: Sendable {
    let engine: any SQLEngine
    let keys: HeldKeys
    let clock: any WallClock
    /// What `/workspace/status` says of the server.
    let identity: ServerIdentity
    let passwords: PasswordWork
    let starts = StartCache()
    let knownKeys = KnownKeys()
    let grants: ProxyGrants
    let attempts: AttemptLedger
    let notices = ChangeNotices()
    let supervised = SupervisedInstances()
    let repeated = RepeatedEvents()
    let monthly = MonthlyRequests()
    package var settings = VaultSettings()
    let loginThrottle = LoginThrottle()
    package var processes = ProcessTable.machine
    let containerWatch = ContainerWatch()

    /// The key ring to work with now.
    ///
    /// Taken anew for each act and let go with it: a rotation waits for whoever still has the ring before.
    var ring: KeyRing { keys.ring }

    /// The id of the request that a task works on, for the audit trail.
    @TaskLocal package static var requestID: String?
}

/// What a server tells about itself.
package struct ServerIdentity: Sendable {
    package var version: String
    package var masterKeyID: String
    package var storage: String

    package init(version: String, masterKeyID: String, storage: String) {
        self.version = version
        self.masterKeyID = masterKeyID
        self.storage = storage
    }
}
