// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing
import VaultModel

struct ArchiveLimitTests {
    private func rule(for bytes: [UInt8]) -> ArchiveRule? {
        do throws(ArchiveError) {
            _ = try SecretBytes(copying: bytes).withBytes { bytes throws(ArchiveError) in try Archive(reading: bytes) }
            return nil
        } catch {
            return error.rule
        }
    }

    @Test func tenMebibytesAreTakenAndOneBlockMoreIsNot() throws {
        let tar = try SampleArchive(form: .tar, members: [.file(".env")]).bytes()
        let full = tar + [UInt8](repeating: 0, count: (10 << 20) - tar.count)
        #expect(rule(for: full) == nil)
        #expect(rule(for: full + [UInt8](repeating: 0, count: 512)) == .tooLarge)
    }

    @Test(arguments: [(64, nil), (65, ArchiveRule.tooManyMembers)])
    func atMost64FilesAreRead(count: Int, rule: ArchiveRule?) throws {
        let members = (0..<count).map { SampleArchive.Member.file("\($0)/.env") }
        #expect(self.rule(for: try SampleArchive(form: .zip, members: members).bytes()) == rule)
    }

    @Test(arguments: [(1_000, nil), (1_001, ArchiveRule.tooManyMembers)])
    func atMost1000MembersAreListed(count: Int, rule: ArchiveRule?) throws {
        let members = [SampleArchive.Member.file(".env")] + (1..<count).map { .file("\($0)") }
        #expect(self.rule(for: try SampleArchive(form: .zip, members: members).bytes()) == rule)
    }

    /// Archives that expand to 4 GiB: of one member that is read, of one that is not, of one that claims to be small,
    /// and streams with and without a tar in them.
    @Test(arguments: Bomb.allCases)
    func whatExpandsTo4GibibytesIsRefusedAtOnce(bomb: Bomb) {
        let bytes = bomb.bytes
        #expect(bytes.count <= Archive.maximumBytes)
        let rule = rule(for: bytes)
        #expect(rule == (bomb == .lyingZip ? .damaged : .expandsTooFar))
    }

    @Test func aSmallArchiveMayExpandByMoreThanTheRatio() throws {
        let text = String(repeating: "#", count: 900 << 10) + "\nA=1\n"
        for form in SampleArchive.Form.allCases {
            #expect(rule(for: try SampleArchive(form: form, members: [.file(".env", text)]).bytes()) == nil)
        }
    }

    @Test func aFileOverOneMebibyteIsLeftToItsReaderToRefuse() throws {
        let text = String(repeating: "#", count: (1 << 20) + 4_000)
        let bytes = try SampleArchive(form: .tar, members: [.file(".env", text)]).bytes()
        let archive = try SecretBytes(copying: bytes).withBytes { try Archive(reading: $0) }
        let file = try #require(archive.bundles.first)
        #expect(EnvironmentFileReader.parse(file.text.bytes).findings.map(\.code) == [.fileTooLarge])
    }
}
