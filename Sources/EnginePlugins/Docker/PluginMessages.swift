// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

// The bodies of docker's plugin protocol, version 1.2, as far as they are used. Members have docker's names, and what is not
// used is passed over: docker adds to them.

/// What a plugin says that it can do.
struct ActivationBody: Encodable {
    let implements = ["secretprovider", "VolumeDriver", "authz"]

    enum CodingKeys: String, CodingKey { case implements = "Implements" }
}

/// `SecretProvider.GetSecret`: which secret, for which service.
package struct SecretRequest: Decodable, Equatable, Sendable {
    package var secretName: String
    package var secretLabels: [String: String]?
    package var serviceLabels: [String: String]?

    enum CodingKeys: String, CodingKey {
        case secretName = "SecretName"
        case secretLabels = "SecretLabels"
        case serviceLabels = "ServiceLabels"
    }

    package init(secretName: String, secretLabels: [String: String]? = nil, serviceLabels: [String: String]? = nil) {
        self.secretName = secretName
        self.secretLabels = secretLabels
        self.serviceLabels = serviceLabels
    }

    /// The label of a service that names its agent, and of a secret that is for one agent alone.
    package static let agentLabel = "io.attache.agent"
    /// The label of a secret that is called otherwise than its entry.
    package static let entryLabel = "io.attache.entry"

    /// The entry that is asked for.
    package var entry: String { secretLabels?[Self.entryLabel] ?? secretName }

    /// Whose value it is: the service says so, and the secret where it has a say; nil where neither does, or where they say
    /// different things.
    package var agent: String? {
        let ofService = serviceLabels?[Self.agentLabel]
        let ofSecret = secretLabels?[Self.agentLabel]
        guard let agent = ofService ?? ofSecret, !agent.isEmpty, ofSecret == nil || ofSecret == agent else {
            return nil
        }
        return agent
    }
}

struct SecretAnswer: Encodable {
    var value: Data?
    var error = ""
    /// Each task asks anew, so that a new value is what a new task gets.
    let doNotReuse = true

    enum CodingKeys: String, CodingKey {
        case value = "Value"
        case error = "Err"
        case doNotReuse = "DoNotReuse"
    }
}

/// Any request of `VolumeDriver`.
struct VolumeRequest: Decodable {
    var name: String?
    var id: String?
    var options: [String: String]?

    enum CodingKeys: String, CodingKey {
        case name = "Name"
        case id = "ID"
        case options = "Opts"
    }
}

struct VolumeBody: Encodable {
    let name: String
    let mountpoint: String
    let status: [String: String]

    enum CodingKeys: String, CodingKey {
        case name = "Name"
        case mountpoint = "Mountpoint"
        case status = "Status"
    }
}

/// Any answer of `VolumeDriver`; what is nil is left out.
struct VolumeAnswer: Encodable {
    var error = ""
    var mountpoint: String?
    var volume: VolumeBody?
    var volumes: [VolumeBody]?
    var capabilities: [String: String]?

    enum CodingKeys: String, CodingKey {
        case error = "Err"
        case mountpoint = "Mountpoint"
        case volume = "Volume"
        case volumes = "Volumes"
        case capabilities = "Capabilities"
    }
}

/// `AuthZPlugin.AuthZReq`: a request of docker's API before it is carried out.
struct AuthorizationRequest: Decodable {
    var method: String
    var uri: String
    var body: Data?

    enum CodingKeys: String, CodingKey {
        case method = "RequestMethod"
        case uri = "RequestUri"
        case body = "RequestBody"
    }
}

struct AuthorizationAnswer: Encodable {
    let isAllowed: Bool
    let message: String
    let error = ""

    enum CodingKeys: String, CodingKey {
        case isAllowed = "Allow"
        case message = "Msg"
        case error = "Err"
    }
}
