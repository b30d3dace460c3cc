// SPDX-License-Identifier: Apache-2.0

import ProxyRules
import Testing
import VaultModel

struct AddressRulesTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::", "3fff::1", "5f00::1",
        "fc00::1",
        "fd00:ec2::254", "fdaa::3", "fe80::1", "fec0::1", "ff02::1",
    ])
    func anAddressThatIsNotTheInternetsIsRefused(text: String) throws {
        #expect(AddressRules().refusal(of: try address(text)) == .special)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8", "2606:4700::1111", "2a00:1450::1",
        "2001:200::1", "2001:4860:4860::8888", "2003::1",
    ])
    func anAddressOfTheInternetIsDialed(text: String) throws {
        #expect(AddressRules().refusal(of: try address(text)) == nil)
    }

    @Test func oneBadAddressSpoilsTheAnswer() throws {
        let addresses = try ["8.8.8.8", "2606:4700::1111", "127.0.0.1"].map(address)
        #expect(AddressRules().refusal(of: addresses) == .special)
        #expect(AddressRules().refusal(of: Array(addresses.dropLast())) == nil)
        #expect(AddressRules().refusal(of: []) == .noAddress)
    }

    @Test func anAllowedBlockIsLetInAndNothingBesideIt() throws {
        let rules = AddressRules(allowed: try ["10.1.0.0/16", "127.0.0.1", "fd00::/8"].map(block))
        for text in ["10.1.2.3", "127.0.0.1", "fd12::1", "::ffff:10.1.0.1"] {
            #expect(rules.refusal(of: try address(text)) == nil)
        }
        for text in ["10.2.0.1", "127.0.0.2", "fc00::1", "169.254.169.254", "::1", "64:ff9b::10.1.0.1"] {
            #expect(rules.refusal(of: try address(text)) == .special)
        }
    }

    @Test func whoLetsATranslatorInDoesNotLetInWhatLiesBehind() throws {
        let rules = AddressRules(allowed: [try block("64:ff9b::/96")])
        #expect(rules.refusal(of: try address("64:ff9b::8.8.8.8")) == nil)
        #expect(rules.refusal(of: try address("64:ff9b::127.0.0.1")) == .special)
    }

    @Test(arguments: ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "x/8", "fd00::1/8", "::/129", ""])
    func aBlockThatIsASlipIsRefused(text: String) {
        #expect(NetworkRange(text) == nil)
    }

    private func address(_ text: String) throws -> IPAddress {
        try #require(IPAddress(text))
    }

    private func block(_ text: String) throws -> NetworkRange { try #require(NetworkRange(text)) }
}
