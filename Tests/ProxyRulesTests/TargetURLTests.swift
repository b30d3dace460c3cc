// SPDX-License-Identifier: Apache-2.0

import ProxyRules
import Testing

struct TargetURLTests {
    @Test(arguments: [
        ("https://api.ok@evil.test/", TargetURLError.userInformation),
        ("https://evil.test#@api.ok/", .fragment),
        ("https://api.ok\\@evil.test/", .forbiddenCharacter),
        ("https://api.ok/\u{9}x", .forbiddenCharacter),
        ("https://api.ok/\r\nHost: evil.test", .forbiddenCharacter),
        ("https://api.ok/ x", .forbiddenCharacter),
        (" https://api.ok/", .forbiddenCharacter),
        ("https://api.ok/\u{0}", .forbiddenCharacter),
        ("https://api.ok/é", .forbiddenCharacter),
        ("https://ａｐｉ.ok/", .forbiddenCharacter),
        ("https:/evil.test", .noScheme),
        ("https:evil.test", .noScheme),
        ("//evil.test/", .noScheme),
        ("file:///etc/passwd", .noScheme),
        ("gopher://evil.test/", .noScheme),
        ("ws://api.ok/", .noScheme),
        ("", .noScheme),
        ("https://", .invalidHost),
        ("https:///x", .invalidHost),
        ("https://:443/", .invalidHost),
        ("https://?x", .invalidHost),
        ("https://api%2eok/", .invalidHost),
        ("https://api..ok/", .invalidHost),
        ("https://.api.ok/", .invalidHost),
        ("https://api.ok../", .invalidHost),
        ("https://-api.ok/", .invalidHost),
        ("https://api.ok:/", .invalidPort),
        ("https://api.ok:0/", .invalidPort),
        ("https://api.ok:0443/", .invalidPort),
        ("https://api.ok:65536/", .invalidPort),
        ("https://api.ok:443:80/", .invalidPort),
        ("https://api.ok:x@evil.test/", .userInformation),
        ("https://2130706433/", .invalidHost),
        ("https://0x7f000001/", .invalidHost),
        ("https://0x7f.1/", .invalidHost),
        ("https://017700000001/", .invalidHost),
        ("https://127.1/", .invalidHost),
        ("https://0177.0.0.1/", .invalidHost),
        ("https://127.0.0.1./", .invalidHost),
        ("https://127.0.0.256/", .invalidHost),
        ("https://[::1/", .invalidHost),
        ("https://[::1]x/", .invalidHost),
        ("https://[fe80::1%25eth0]/", .invalidHost),
        ("https://[fe80::1%eth0]/", .invalidHost),
        ("https://[127.0.0.1]/", .invalidHost),
        ("https://api.ok/../x", .dotSegment),
        ("https://api.ok/a/./x", .dotSegment),
        ("https://api.ok/a/..", .dotSegment),
        ("https://api.ok/%2e%2e/x", .dotSegment),
        ("https://api.ok/.%2E/x", .dotSegment),
        ("https://api.ok/a%2f..%2fx", .dotSegment),
        ("https://api.ok/a/..%5cx", .dotSegment),
        ("https://api.ok/a/..;x/y", .dotSegment),
        ("https://api.ok/%252e%252e/x", .dotSegment),
        ("https://api.ok/%0d%0ax", .forbiddenCharacter),
        ("https://api.ok/%00", .forbiddenCharacter),
        ("https://api.ok/%zz", .forbiddenCharacter),
        ("https://api.ok/%2", .forbiddenCharacter),
        ("https://api.ok/?a=%", .forbiddenCharacter),
        ("https://api.ok/<x>", .forbiddenCharacter),
    ])
    func aURLThatCanBeReadInTwoWaysIsRefused(text: String, error: TargetURLError) {
        #expect(throws: error) { try TargetURL(text) }
    }

    @Test func aURLOfMoreThanEightKibibytesIsRefused() {
        let start = "https://api.ok/"
        let fits = start + String(repeating: "x", count: TargetURL.maximumBytes - start.utf8.count)
        #expect(throws: Never.self) { try TargetURL(fits) }
        #expect(throws: TargetURLError.tooLong) { try TargetURL(fits + "x") }
    }

    @Test(arguments: [
        ("https://API.ok", "api.ok", "/"), ("HTTPS://api.ok./x", "api.ok", "/x"),
        ("https://api.ok:443/", "api.ok", "/"),
        ("https://api.ok:8443/a?b#".replacing("#", with: ""), "api.ok:8443", "/a"), ("http://api.ok:80", "api.ok", "/"),
        ("https://xn--bcher-kva.test/", "xn--bcher-kva.test", "/"), ("https://1.2.3.4/", "1.2.3.4", "/"),
        ("https://[2606:4700::1111]:8443/", "[2606:4700::1111]:8443", "/"), ("https://api.ok?x=1", "api.ok", "/"),
        ("https://[2606:4700:0:0::1111]/", "[2606:4700::1111]", "/"),
    ])
    func aHostHasOneSpelling(text: String, authority: String, path: String) throws {
        let url = try TargetURL(text)
        #expect(url.authority == authority)
        #expect(url.path == path)
    }

    @Test func whatIsSentIsWhatWasGiven() throws {
        let url = try TargetURL("https://api.ok/v1/a%20b/c%2Fd?q=a+b&filter[x]={y}|z&e=")
        #expect(url.path == "/v1/a%20b/c%2Fd")
        #expect(url.query == "q=a+b&filter[x]={y}|z&e=")
    }

    @Test func theRedactedURLHasNoQueryValue() throws {
        #expect(try TargetURL("https://api.ok/x?key=canary&canary&n=").redacted == "https://api.ok/x?key=&***&n=")
        #expect(try TargetURL("https://api.ok/x").redacted == "https://api.ok/x")
    }
}
