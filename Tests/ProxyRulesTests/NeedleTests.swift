// SPDX-License-Identifier: Apache-2.0

import Testing
import VaultModel

@testable import ProxyRules

struct NeedleTests {
    /// Some begin, in base64, with what the other alphabet writes differently.
    @Test(arguments: ["sk-c4n4ry", "\u{F8}ber-secret", "?>>>secret", "&<>secret", "%25secret", "=secret", "\\secret"])
    func whatMayBeginANeedleIsWhatASpellingOfItBeginsWith(secret: String) {
        for needle in Needle.all(of: SharedSecret(copying: secret.utf8)) {
            for byte in UInt8.min...UInt8.max {
                let begins = (0..<needle.spellings).contains { needle.step(0, $0, 0, byte) != .wrong }
                #expect(!begins || needle.firstBytes.contains(byte), "\(needle.form) \(byte)")
            }
        }
    }
}
