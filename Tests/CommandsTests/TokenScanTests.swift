// SPDX-License-Identifier: Apache-2.0

import Commands
import Testing
import VaultModel

struct TokenScanTests {
    /// A token of a kind: digits that anybody can make, with their checksum.
    private func token(_ kind: BearerTokenKind) -> String {
        let body = Array((kind.rawValue + String(repeating: "7", count: BearerTokenKind.secretDigits)).utf8)
        var checksum = [UInt8](repeating: 0, count: BearerTokenKind.checksumDigits)
        body.withUnsafeBytes { body in
            checksum.withUnsafeMutableBytes { BearerTokenKind.writeChecksum(of: body, to: $0) }
        }
        return String(decoding: body + checksum, as: UTF8.self)
    }

    private func scan(_ text: String) -> [TokenScan.Finding] {
        Array(text.utf8).withUnsafeBytes { TokenScan(of: $0).found }
    }

    @Test(arguments: BearerTokenKind.allCases)
    func aTokenOfAnyKindIsFoundInAText(kind: BearerTokenKind) {
        let found = scan("first\nKEY=\"\(token(kind))\"; more")
        #expect(found.map(\.isWellFormed) == [true])
        #expect(found.map(\.line) == [2])
    }

    @Test func aLookAlikeIsToldByItsChecksum() {
        let real = token(.gateway)
        let fake = "gwt_" + String(repeating: "7", count: 49)
        #expect(scan("\(fake) \(real)").map(\.isWellFormed) == [false, true])
    }

    @Test func whatIsLongerShorterOrWithinAWordIsNone() {
        let real = token(.workspaceKey)
        for text in [real + "7", String(real.dropLast()), "x\(real)", "_\(real)", real + "_", "", "ak_ws_"] {
            #expect(scan(text).isEmpty)
        }
    }
}
