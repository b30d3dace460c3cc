// SPDX-License-Identifier: Apache-2.0

import ProxyRules
import Testing

struct HostRuleTests {
    @Test(arguments: [
        ("api.ok", "https://api.ok/anything?x"), ("api.ok", "https://API.OK.:443/"), ("API.ok:443", "https://api.ok/"),
        ("*.ok.test", "https://a.ok.test/"), ("api.ok:8443", "https://api.ok:8443/"),
        ("api.ok/v1", "https://api.ok/v1"),
        ("api.ok/v1", "https://api.ok/v1/x"), ("api.ok/v1/", "https://api.ok/%76%31/x"),
        ("http://api.ok", "http://api.ok/"), ("1.2.3.4", "https://1.2.3.4/"), ("GET,POST api.ok", "https://api.ok/"),
        ("[2606:4700::1111]", "https://[2606:4700:0::1111]/"), ("api.ok", "https://api.ok/a;b//c%2Fd"),
    ])
    func aTargetWithinTheRuleIsAllowed(rule: String, target: String) throws {
        #expect(HostDecision([try HostRule(rule)], target: try TargetURL(target), method: "GET") == .allowed)
    }

    @Test(arguments: [
        ("api.ok", "https://api.ok.evil/"), ("api.ok", "https://evilapi.ok/"), ("api.ok", "https://x.api.ok/"),
        ("*.ok.test", "https://ok.test/"), ("*.ok.test", "https://a.b.ok.test/"), ("*.ok.test", "https://evilok.test/"),
        ("*.ok.test", "https://a.ok.test.evil/"), ("api.ok", "https://api.ok:8443/"),
        ("api.ok:8443", "https://api.ok/"),
        ("api.ok", "http://api.ok/"), ("http://api.ok", "https://api.ok/"), ("api.ok", "http://api.ok:443/"),
        ("www.ok.test", "https://gmail.ok.test/"), ("1.2.3.4", "https://1.2.3.5/"),
    ])
    func anotherPlaceIsNotTheRules(rule: String, target: String) throws {
        #expect(HostDecision([try HostRule(rule)], target: try TargetURL(target), method: "GET") == .hostNotAllowed)
    }

    @Test(arguments: [
        ("api.ok/v1", "https://api.ok/v10"), ("api.ok/v1", "https://api.ok/"), ("api.ok/v1", "https://api.ok/V1"),
        ("api.ok/v1", "https://api.ok/v1%2fx"), ("api.ok/v1", "https://api.ok/v1;a/x"),
        ("api.ok/v1", "https://api.ok//v1/x"), ("api.ok/v1", "https://api.ok/v1/%2576"),
        ("POST api.ok", "https://api.ok/"),
        ("get-x api.ok".uppercased().replacing("API.OK", with: "api.ok"), "https://api.ok/"),
    ])
    func anotherPathOrMethodIsNotTheRules(rule: String, target: String) throws {
        let decision = HostDecision([try HostRule(rule)], target: try TargetURL(target), method: "GET")
        #expect(decision == .pathOrMethodNotAllowed)
    }

    @Test func noRuleMeansNowhere() throws {
        #expect(HostDecision([], target: try TargetURL("https://api.ok/"), method: "GET") == .noHosts)
    }

    @Test(arguments: [
        ("", HostRuleError.invalidHost), ("*", .invalidHost), ("*.com", .invalidWildcard), ("a.*.test", .invalidHost),
        ("*.1.2.3.4", .invalidWildcard), ("api.ok/../x", .invalidPath), ("api.ok/a%20b", .invalidPath),
        ("api.ok?x", .invalidPath), ("api.ok#x", .invalidPath), ("api.ok:0", .invalidPort),
        ("user@api.ok", .invalidHost),
        ("get api.ok", .invalidMethod), (",GET api.ok", .invalidMethod), ("TRACE api.ok", .invalidMethod),
        ("CONNECT api.ok", .invalidMethod), ("ftp://api.ok", .invalidPort), ("127.1", .invalidHost),
    ])
    func aRuleThatMeansNothingIsRefused(text: String, error: HostRuleError) {
        #expect(throws: error) { try HostRule(text) }
    }

    @Test(arguments: ["api.ok", "*.ok.test:8443/v1", "GET,POST http://api.ok/v1", "[2606:4700::1111]:8443", "1.2.3.4"])
    func aRuleReadsBackAsItIsWritten(text: String) throws {
        #expect(try HostRule(text).description == text)
        #expect(try HostRule(HostRule(text).description) == HostRule(text))
    }
}
