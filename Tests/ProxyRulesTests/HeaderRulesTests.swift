// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import ProxyRules
import Testing

struct HeaderRulesTests {
    @Test(arguments: [
        "Authorization", "authorization", "Proxy-Authorization", "Cookie", "X-API-Key", "x_api_key", "Api-Key",
        "X-Goog-Api-Key", "X-Target-Url", "X-Target-Method", "X-Credential-Name", "Host", "Connection", "Keep-Alive",
        "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Expect", "Forwarded", "X-Forwarded-For",
        "X-Real-IP", "Accept-Encoding", "Range", "If-Range", "Attache-Anything", "X-Attache-Anything",
        "Proxy-Connection",
        "Xi-Api-Key", "X-Subscription-Token",
    ])
    func aFieldThatIsTheAgentsOwnIsNotForwarded(name: String) throws {
        let fields = try fields([(name, "value"), ("X-Custom", "kept")])
        #expect(HeaderRules.forwarded(fields, injected: []).map(\.value) == ["kept"])
    }

    @Test func everyOtherFieldIsForwardedInItsOrder() throws {
        let fields = try fields([
            ("Content-Type", "a/b"), ("X-Custom", "1"), ("Anthropic-Version", "x"), ("X-Custom", "2"),
        ])
        #expect(HeaderRules.forwarded(fields, injected: ["authorization"]) == Array(fields))
    }

    @Test(arguments: ["X-Secret-Key", "x-secret-key", "X_Secret_Key", "X-SECRET_KEY"])
    func aFieldThatTheCredentialSetsIsReplacedInEverySpelling(name: String) throws {
        let fields = try fields([(name, "agent's"), (name, "again")])
        #expect(HeaderRules.forwarded(fields, injected: ["x-secret-key"]).isEmpty)
    }

    @Test func whatConnectionNamesIsDroppedInBothDirections() throws {
        let fields = try fields([("Connection", "close, X-Hop ,x_other"), ("X-Hop", "1"), ("X-Other", "2"), ("X", "3")])
        #expect(HeaderRules.forwarded(fields, injected: []).map(\.value) == ["3"])
        #expect(HeaderRules.returned(Array(fields)).map(\.value) == ["3"])
    }

    @Test(arguments: ["pxr_", "ak_ws_", "gwt_"])
    func aFieldThatHoldsATokenOfTheVaultIsNotForwarded(prefix: String) throws {
        let token = prefix + String(repeating: "a1B", count: 17)
        let fields = try fields([("X-Debug", "is \(token)!"), ("X-Short", "pxr_x")])
        #expect(HeaderRules.forwarded(fields, injected: []).map(\.value) == ["pxr_x"])
    }

    @Test(arguments: ["pxr_", "ak_ws_", "gwt_", "PXR_"])
    func aFieldThatIsNamedAsATokenOfTheVaultIsNotForwarded(prefix: String) throws {
        let token = prefix + String(repeating: "a1B", count: 17)
        let named = try fields([("X-\(token)-Y", "1"), (token.lowercased(), "2")])
        #expect(HeaderRules.forwarded(named, injected: []).isEmpty)
        for field in named { #expect(HeaderRules.namesToken(HTTPFields([field]))) }
        #expect(try !HeaderRules.namesToken(fields([("X", token), ("pxr_x", "1"), ("X_Y", "2")])))
    }

    @Test(arguments: [
        "Set-Cookie", "Set-Cookie2", "WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info",
        "Proxy-Authentication-Info", "Alt-Svc", "Clear-Site-Data", "Refresh", "Connection", "Keep-Alive", "Trailer",
        "Transfer-Encoding", "Upgrade", "Attache-Error", "attache_error",
    ])
    func aFieldThatIsBetweenTargetAndBrokerIsNotReturned(name: String) throws {
        let fields = try fields([(name, "value"), ("Content-Type", "kept")])
        #expect(HeaderRules.returned(Array(fields)).map(\.value) == ["kept"])
    }

    private func fields(_ pairs: [(String, String)]) throws -> HTTPFields {
        HTTPFields(try pairs.map { HTTPField(name: try #require(HTTPField.Name($0)), value: $1) })
    }
}
