// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation

private let bodies: [any RequestBody.Type] = [
    AcceptInvitationBody.self, AddMasterKeyBody.self, AttachBody.self, AttachCredentialBody.self,
    AttachProviderBody.self,
    BulkSecretsBody.self,
    CreateAPIKeyBody.self, CreateAgentBody.self, CreateCredentialBody.self, CreateInvitationBody.self,
    CreateSecretBody.self, CreateUserBody.self, CreateWorkspaceBody.self, LoginBody.self, MoveCredentialBody.self,
    RotateGatewayTokenBody.self,
    RotateKeysBody.self, ShredUserBody.self, UpdateAccountBody.self, UpdateAgentBody.self, UpdateCredentialBody.self,
    UpdateMemberBody.self, UpdateSecretBody.self, UpdateUserBody.self, UpdateWorkspaceBody.self, VerifyAuditBody.self,
]

/// Reads what the fuzzer made up as every body that a client may send.
///
/// Whatever it is, it is decoded or refused, and what decodes is written and read again as the same text.
@_cdecl("LLVMFuzzerTestOneInput")
package func decodeArbitraryBody(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard JSONShape(of: bytes) == .fine else { return 0 }
    for body in bodies { check(body, Data(bytes)) }
    return 0
}

private func check<Body: RequestBody>(_ type: Body.Type, _ data: Data) {
    guard let body = try? JSONDecoder().decode(type, from: data) else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // What does not hold ends the process, which is what the fuzzer looks for.
    guard let once = try? encoder.encode(body), let again = try? JSONDecoder().decode(type, from: once) else {
        preconditionFailure("a body that was read cannot be written and read again")
    }
    precondition((try? encoder.encode(again)) == once)
    precondition(JSONShape(of: Array(once)) == .fine)
}
