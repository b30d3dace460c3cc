// SPDX-License-Identifier: Apache-2.0

package import APITypes
import Foundation
package import Sealing
package import Storage
package import VaultCore
package import VaultModel

/// A vault of one test's own, on a temporary folder with a fresh master key and a clock that stands still.
package struct TestVault: Sendable {
    package let vault: Vault
    package let engine: SQLiteEngine
    package let directory: TemporaryDirectory
    package let clock: ManualClock
    package let master: MasterKey
    /// The first workspace key's token.
    package let workspaceKey: String

    package var backups: BackupStore { BackupStore(in: directory.appending("backups"), keep: nil, of: vault) }

    package let localOperator = Caller.localOperator(uid: 0)

    /// Makes the vault, in `folder` instead of its own directory when one is given.
    package static func make(
        in folder: String? = nil,
        passwordLogN: UInt8 = PasswordCost.forTests.logN
    ) async throws -> TestVault {
        let directory = try TemporaryDirectory()
        let clock = ManualClock()
        let master = MasterKey.generate()
        let folder = try DataFolder(claiming: folder ?? directory.path)
        let opened = try await Vault.open(
            folder,
            under: master,
            clock: clock,
            passwordCost: PasswordCost(logN: passwordLogN),
            version: "test"
        )
        guard let key = opened.workspaceKey else { throw VaultOpeningError.noKeyRing }
        return TestVault(
            vault: opened.vault,
            engine: opened.engine,
            directory: directory,
            clock: clock,
            master: master,
            workspaceKey: key
        )
    }

    /// The same vault as a new server would find it after this one was killed now: on a copy of its files.
    package func afterKill(master: MasterKey? = nil) async throws -> TestVault {
        let copy = try TemporaryDirectory()
        for name in ["attache.db", "attache.db-wal", "attache.attempts"]
        where FileManager.default.fileExists(atPath: directory.appending(name)) {
            try FileManager.default.copyItem(atPath: directory.appending(name), toPath: copy.appending(name))
        }
        return try await opening(copy, master: master)
    }

    /// The vault that `folder` holds, opened by another server.
    package func opening(_ folder: TemporaryDirectory, master: MasterKey? = nil) async throws -> TestVault {
        let key = master ?? self.master
        let opened = try await Vault.open(DataFolder(claiming: folder.path), under: key, clock: clock, version: "test")
        return TestVault(
            vault: opened.vault,
            engine: opened.engine,
            directory: folder,
            clock: clock,
            master: key,
            workspaceKey: workspaceKey
        )
    }

    @discardableResult
    package func create(
        _ name: String,
        _ value: String,
        kind: EntryKind = .secret,
        provider: String? = nil
    ) async throws -> SecretBody {
        try await vault.createSecret(
            CreateSecretBody(name: name, kind: kind, value: .text(value), provider: provider),
            by: localOperator
        )
    }

    @discardableResult
    package func update(_ name: String, _ change: UpdateSecretBody) async throws -> SecretBody {
        try await vault.updateSecret(name, change, by: localOperator)
    }

    @discardableResult
    package func createAgent(_ name: String, with secrets: [String] = []) async throws -> AgentBody {
        try await vault.createAgent(CreateAgentBody(name: name, secretIds: secrets), by: localOperator)
    }

    /// Starts `agent` with the token that it was made with and returns the `NAME=value` strings.
    @discardableResult
    package func start(
        _ agent: AgentBody,
        replica: String = "one",
        startID: String? = nil
    ) async throws -> [String] {
        try await start(token: agent.gatewayToken ?? "", replica: replica, startID: startID)
    }

    @discardableResult
    package func start(token: String, replica: String = "one", startID: String? = nil) async throws -> [String] {
        let answer = try await vault.start(
            StartRequest(
                token: Array(token.utf8),
                replica: replica,
                startID: startID ?? InstanceID(at: clock.now).text,
                isSession: false
            )
        )
        return answer.environment.bytes.withBytes { bytes in
            bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// A caller who holds a fresh workspace key of `role`.
    package func caller(role: Role) async throws -> Caller {
        let key = try await vault.createAPIKey(CreateAPIKeyBody(name: "\(role)", role: role), by: localOperator)
        return try await vault.authenticate(Array((key.token ?? "").utf8))
    }

    /// Does what somebody could do who writes to the database and does not hold the master key.
    package func changeFromOutside(_ statement: String) async throws {
        try await engine.write { connection in _ = try connection.execute(statement, []) }
    }

    /// Whether any file of the data folder holds `text`.
    package func bytesOnDisk(contain text: String) throws -> Bool {
        let needle = Data(text.utf8)
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
            let data = try Data(contentsOf: URL(fileURLWithPath: directory.appending(name)))
            if data.range(of: needle) != nil { return true }
        }
        return false
    }
}

extension SecretText {
    package static func text(_ text: String) -> SecretText {
        SecretText(SharedSecret(copying: Array(text.utf8)))
    }
}

extension PasswordCost {
    /// A thousandth of what the server takes, so that tests can hash many.
    package static let forTests = PasswordCost(logN: 7)
}

/// A person of a test: who it is, and the token of a login.
package struct TestPerson: Sendable {
    package let id: UserID
    package let email: String
    package let password: String
    package let token: String
    package let workspaces: [WorkspaceBody]
}

extension TestVault {
    /// Makes a person with an account and logs in.
    package func person(_ name: String) async throws -> TestPerson {
        let email = "\(name)@example.org"
        let password = "correct horse \(name) staple"
        let body = CreateUserBody(email: email, name: name, password: .text(password))
        _ = try await vault.createUser(body, by: localOperator)
        return try await logIn(email, password)
    }

    package func logIn(_ email: String, _ password: String, from address: IPAddress = .loopback) async throws
        -> TestPerson
    {
        let login = try await vault.logIn(LoginBody(email: email, password: .text(password)), from: address)
        guard let id = UserID(login.user.id) else { throw VaultError.notFound(.user) }
        return TestPerson(
            id: id,
            email: email,
            password: password,
            token: login.token,
            workspaces: login.workspaces
        )
    }

    /// The caller that a person's session is, in one of the person's workspaces.
    package func caller(_ person: TestPerson, in workspace: String? = nil) async throws -> Caller {
        try await vault.authenticate(Array(person.token.utf8), in: workspace)
    }

    /// Makes a workspace that `owner` shares.
    @discardableResult
    package func share(_ name: String, by owner: TestPerson) async throws -> WorkspaceBody {
        try await vault.createWorkspace(CreateWorkspaceBody(name: name), by: caller(owner))
    }

    /// Makes `person` a member of `workspace`, by an invitation of `owner`.
    package func invite(
        _ person: TestPerson,
        into workspace: String,
        as role: Role,
        by owner: TestPerson
    ) async throws {
        let body = CreateInvitationBody(email: person.email, role: role)
        let invitation = try await vault.createInvitation(body, by: caller(owner, in: workspace))
        _ = try await accept(invitation, password: person.password)
    }

    @discardableResult
    package func accept(
        _ invitation: InvitationBody,
        name: String? = nil,
        password: String
    ) async throws -> LoggedInBody {
        try await vault.acceptInvitation(
            AcceptInvitationBody(token: .text(invitation.token ?? ""), name: name, password: .text(password)),
            from: .loopback
        )
    }
}

extension TestVault {
    /// Lets every credential go everywhere, as somebody would who can write to the database and has no key.
    package func damageHosts() async throws {
        _ = try await engine.write {
            try $0.execute("UPDATE credentials SET hosts = hosts || char(10) || 'evil.test'", [])
        }
    }
}
