// SPDX-License-Identifier: Apache-2.0

import EnginePlugins
import Testing

struct ContainerPolicyTests {
    private static let secret =
        #"{"Image":"nginx","Env":["PORT=80","API_KEY=sk-abcdefghijklmnopqrstuvwxyz0123456789"]}"#

    @Test(arguments: [
        "/containers/create", "/v1.41/containers/create?name=web", "/v1.41//containers/./create",
        "/v1.41/containers/%63reate",
        "/containers/abc/exec", "/v1.41/containers/abc/exec",
    ])
    func aValueThatLooksLikeASecretIsRefused(uri: String) throws {
        let policy = ContainerPolicy(refusesSecrets: true)
        let objection = try #require(policy.objection(method: "POST", uri: uri, body: Array(Self.secret.utf8)))
        #expect(objection.contains("API_KEY"))
        #expect(!objection.contains("sk-abc"))
    }

    @Test(arguments: ["/services/create", "/v1.41/services/abc/update?version=3"])
    func aServicesVariablesAreLookedAtWhereTheyAre(uri: String) {
        let policy = ContainerPolicy(refusesSecrets: true)
        let body = #"{"TaskTemplate":{"ContainerSpec":\#(Self.secret)}}"#
        #expect(policy.objection(method: "POST", uri: uri, body: Array(body.utf8)) != nil)
    }

    @Test(arguments: [
        #"{"Env":["PORT=80","API_KEY_FILE=/run/secrets/key","API_KEY="]}"#, #"{"Env":null}"#, "{}",
        #"{"Env":["ATTACHE_AGENT=web"]}"#,
    ])
    func whatIsNoSecretMayPass(body: String) {
        let policy = ContainerPolicy(refusesSecrets: true)
        #expect(policy.objection(method: "POST", uri: "/containers/create", body: Array(body.utf8)) == nil)
    }

    @Test(arguments: [
        ("GET", "/containers/json"), ("POST", "/containers/abc/start"), ("POST", "/images/create"),
        ("GET", "/containers/create"),
        ("POST", "/networks/create"),
    ])
    func otherRequestsAreNotLookedAt(method: String, uri: String) {
        let policy = ContainerPolicy(refusesSecrets: true, runtime: "attache")
        #expect(policy.objection(method: method, uri: uri, body: Array(Self.secret.utf8)) == nil)
    }

    @Test(arguments: [
        (#"{"HostConfig":{"Runtime":"attache"}}"#, true), (#"{"HostConfig":{"Runtime":"runc"}}"#, false),
        (#"{"HostConfig":{}}"#, false), ("{}", false), (#"{"hostConfig":{"Runtime":"attache"}}"#, false),
    ])
    func anotherRuntimeIsRefused(body: String, passes: Bool) {
        let policy = ContainerPolicy(runtime: "attache")
        #expect((policy.objection(method: "POST", uri: "/containers/create", body: Array(body.utf8)) == nil) == passes)
    }

    @Test(arguments: ["", "no json", #"{"Env":["A=1"],"env":["API_KEY=sk-1"]}"#, #"{"Env":"A=1"}"#])
    func whatCannotBeReadIsRefused(body: String) {
        let policy = ContainerPolicy(refusesSecrets: true)
        #expect(policy.objection(method: "POST", uri: "/containers/create", body: Array(body.utf8)) != nil)
        #expect(policy.objection(method: "POST", uri: "/containers/create", body: nil) != nil)
        #expect(ContainerPolicy().objection(method: "POST", uri: "/containers/create", body: nil) == nil)
    }
}

struct SecretRequestTests {
    private static let label = SecretRequest.agentLabel

    @Test(
        arguments: [
            ([label: "web"], nil, "web"), (nil, [label: "web"], "web"), ([label: "web"], [label: "web"], "web"),
            ([label: "web"], [label: "bot"], nil), ([:], [:], nil), (nil, nil, nil), ([label: ""], nil, nil),
        ] as [([String: String]?, [String: String]?, String?)]
    )
    func theServiceSaysWhoItIsAndTheSecretWhoMayHaveIt(
        service: [String: String]?,
        secret: [String: String]?,
        agent: String?
    ) {
        let request = SecretRequest(secretName: "A", secretLabels: secret, serviceLabels: service)
        #expect(request.agent == agent)
    }

    @Test func theEntryIsTheSecretsNameOrItsLabel() {
        #expect(SecretRequest(secretName: "A").entry == "A")
        #expect(SecretRequest(secretName: "A", secretLabels: [SecretRequest.entryLabel: "B"]).entry == "B")
    }
}

struct SecretVolumeTests {
    @Test func withoutOptionsItIsOfTheAgentOfItsName() throws {
        let volume = try SecretVolume(name: "web", options: [:])
        #expect(volume.agent == "web" && volume.only == nil && volume.uid == 0 && volume.gid == 0)
    }

    @Test func optionsSayWhoseItIsAndWhatIsInIt() throws {
        let options = ["agent": "my agent", "only": "A, B", "uid": "1000", "gid": "33"]
        let volume = try SecretVolume(name: "data", options: options)
        #expect(volume.agent == "my agent" && volume.only == ["A", "B"] && volume.uid == 1000 && volume.gid == 33)
    }

    @Test(
        arguments: [
            ("", [:]), ("..", [:]), ("a/b", [:]), (".hidden", [:]), ("web", ["nonsense": "1"]),
            ("web", ["uid": "root"]),
            ("web", ["gid": "-1"]),
        ] as [(String, [String: String])]
    )
    func whatMakesNoSenseIsRefused(name: String, options: [String: String]) {
        #expect(throws: SecretVolumeError.self) { try SecretVolume(name: name, options: options) }
    }
}
