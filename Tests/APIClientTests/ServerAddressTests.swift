// SPDX-License-Identifier: Apache-2.0

import APIClient
import Testing

struct ServerAddressTests {
    @Test(arguments: [
        ("unix:///run/a.sock", ServerAddress.socket(path: "/run/a.sock")),
        ("https://vault.example:8750", .url("https://vault.example:8750")),
        ("https://vault.example/", .url("https://vault.example")),
        ("https://[2001:db8::1]:443", .url("https://[2001:db8::1]:443")),
        ("http://127.0.0.1:8750", .url("http://127.0.0.1:8750")),
        ("http://127.8.9.1", .url("http://127.8.9.1")),
        ("http://localhost:1", .url("http://localhost:1")),
        ("http://[::1]:1", .url("http://[::1]:1")),
    ])
    func anAddressIsRead(text: String, address: ServerAddress) throws {
        #expect(try ServerAddress(text) == address)
    }

    @Test(arguments: [
        "http://vault.example", "http://10.0.0.1:80", "http://127.0.0.1.example.com", "http://127.1", "http://[::2]",
    ])
    func aKeyNeverCrossesANetworkReadable(text: String) throws {
        #expect(throws: ServerAddressError.readableOnTheNetwork) { try ServerAddress(text) }
    }

    @Test(arguments: [
        "", "vault.example", "ftp://vault.example", "https://", "https://user@host", "https://host/path",
        "https://host:0", "https://host:65536", "https://host:+1", "https://host:", "https://a b", "https://host?q",
        "https://[::1", "https://[x]", "https://[::1]x", "unix://", "unix:///a\0b", "https://hóst",
    ])
    func whatIsNoAddressIsRefused(text: String) throws {
        #expect(throws: ServerAddressError.notAnAddress) { try ServerAddress(text) }
    }

    @Test func aSocketPathThatTheKernelWouldCutIsRefused() throws {
        let longest = "/" + String(repeating: "a", count: ServerAddress.maximumSocketPathBytes - 1)
        #expect(try ServerAddress(socketPath: longest) == .socket(path: longest))
        #expect(throws: ServerAddressError.socketPathTooLong) { try ServerAddress(socketPath: longest + "a") }
    }
}
