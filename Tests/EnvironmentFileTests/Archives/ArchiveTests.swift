// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Foundation
import Testing
import VaultModel

struct ArchiveTests {
    typealias Form = SampleArchive.Form
    typealias Member = SampleArchive.Member

    private func read(_ bytes: [UInt8]) throws(ArchiveError) -> Archive {
        try SecretBytes(copying: bytes).withBytes { bytes throws(ArchiveError) in try Archive(reading: bytes) }
    }

    private func refusal(of bytes: [UInt8]) -> ArchiveError? {
        do throws(ArchiveError) {
            _ = try read(bytes)
            return nil
        } catch {
            return error
        }
    }

    private func refusal(_ form: Form, _ members: [Member]) throws -> ArchiveError? {
        refusal(of: try SampleArchive(form: form, members: members).bytes())
    }

    /// A path with a byte that no text has, read where an earlier call has left `ENOMEM` behind: libarchive ends the process
    /// then, unless nothing is left behind.
    @Test func aPathThatIsNoTextIsNoEndOfTheProcessWhateverFailedBefore() throws {
        let zip = try #require(
            Data(
                base64Encoded: """
                    UEsDBBQAAAAIAIdSdV0WQ0W3OwAAADkAAAAEAAAALgBudnMM8Iz3do20Lc7WTcwr0TUwNDI2MTUzt7BMTEpOSU1L\
                    z8jMys7JzeMKcnX39PezLS3VLU8tLtE15gIAUEsDBBQAAAAIAIdSdV0reNcIBgAAAAQAAAAEAAAALmVu7P///+QC\
                    AFBLAQIUAxQAAAAIAIdSdV0WQ0W3OwAAADkAAAAEAAAAAAAAAAAAAACAAQAAAAAuZW52UEsBAhQDFAAAAAgAh1J1\
                    XSt41wgGAAAABAAAAAQAAAAAAAAAAAAAAIABXQAAAC5lbnZQSwUGAAAAAAIAAgBkAAAAhQAAAAAA
                    """
            )
        )
        errno = ENOMEM
        let refused = refusal(of: Array(zip))
        #expect(refused?.rule == .path)
        #expect(refused?.member == 2)
    }

    // MARK: - What is read

    @Test(arguments: Form.allCases)
    func everyEnvironmentFileOfAnArchiveIsReadInTheOrderOfItsPath(form: Form) throws {
        let members: [Member] = [
            .file("web/.env", "W=1\n"), .file("./api/.env.production", "P=1\n"), .file("zürich/Prod.env", "Z=1\n"),
            .file("api/empty.env", ""),
        ]
        let archive = try read(try SampleArchive(form: form, members: members).bytes())
        #expect(archive.bundles.map(\.path) == ["api/.env.production", "api/empty.env", "web/.env", "zürich/Prod.env"])
        #expect(
            archive.bundles.map { $0.text.bytes.withBytes(Array.init) }
                == ["P=1\n", "", "W=1\n", "Z=1\n"].map { Array($0.utf8) }
        )
        #expect(archive.skipped.isEmpty)
    }

    @Test func whatIsNoEnvironmentFileIsListedWithTheReason() throws {
        let paths = [
            "README.md", ".env.example", "a/.env.local.sample", "x.env.template", ".env.dist", ".env.schema",
            ".env.keys", ".env.vault",
            "__MACOSX/._.env", "._.env", "environment", ".envrc",
        ]
        let archive = try read(
            try SampleArchive(form: .tar, members: paths.map { .file($0) } + [.file(".env")]).bytes()
        )
        #expect(archive.bundles.map(\.path) == [".env"])
        #expect(archive.skipped.map(\.path) == paths)
        let reasons: [Archive.Skipped.Reason] = [
            .other, .template, .template, .other, .template, .template, .keys, .keys, .resourceFork, .resourceFork,
            .other, .other,
        ]
        #expect(archive.skipped.map(\.reason) == reasons)
    }

    @Test func foldersAreNoMembersOfTheirOwn() throws {
        let folder = Member(path: "a.env/", type: S_IFDIR)
        let archive = try read(try SampleArchive(form: .tar, members: [folder, .file("a.env/.env")]).bytes())
        #expect(archive.bundles.map(\.path) == ["a.env/.env"])
        #expect(archive.skipped.isEmpty)
    }

    @Test func readingOnAThreadOfItsOwnGivesTheSame() async throws {
        let file = SharedSecret(copying: try SampleArchive(form: .zip, members: [.file(".env")]).bytes())
        #expect(try await Archive.reading(file).bundles.map(\.path) == [".env"])
        await #expect(throws: ArchiveError.self) { _ = try await Archive.reading(SharedSecret(copying: [1])) }
    }

    @Test(arguments: ["A=1\n", "", "# comment\nexport A=\"x\"\n", "PK=1\n", "7z=1\n", "Rar!=1\n", "BZh91=1"])
    func aTextIsNoArchive(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { ArchiveKind(of: $0) } == nil)
        let long = Array((text + String(repeating: "# filler\n", count: 200)).utf8)
        #expect(long.withUnsafeBytes { ArchiveKind(of: $0) } == nil)
    }

    // MARK: - What is refused

    @Test(
        arguments: [Form.tar, .zip],
        [
            "/etc/.env", "../.env", "a/../../.env", "a/..", "C:/.env", "a\\b/.env", "a\u{1}/.env", "a\u{7F}.env",
            "a\u{85}.env", "a\n.env",
        ]
    )
    func aPathThatLeadsAwayOrHidesIsRefusedAndNotRepeated(form: Form, path: String) throws {
        #expect(try refusal(form, [.file("ok.env"), .file(path)]) == ArchiveError(.path, member: 2))
    }

    @Test func aPathThatIsTooLongIsRefused() throws {
        #expect(try refusal(.tar, [.file(String(repeating: "a/", count: 600) + ".env")])?.rule == .path)
    }

    @Test func aPathThatIsNotUTF8IsRefused() throws {
        var bytes = try SampleArchive(form: .tar, members: [.file("x.env")]).bytes()
        bytes[0] = 0xE4
        bytes.repairTarChecksum()
        #expect(refusal(of: bytes) == ArchiveError(.path, member: 1))
    }

    @Test(arguments: [Form.tar, .zip, .sevenZip])
    func aLinkIsRefused(form: Form) throws {
        let link = Member(path: ".env", type: S_IFLNK, link: "/etc/passwd")
        #expect(try refusal(form, [link]) == ArchiveError(.link, path: ".env", member: 1))
    }

    @Test func aHardLinkIsRefused() throws {
        let link = Member(path: ".env", hardLink: "a.env")
        #expect(try refusal(.tar, [.file("a.env"), link]) == ArchiveError(.link, path: ".env", member: 2))
    }

    @Test(arguments: [S_IFIFO, S_IFCHR, S_IFBLK])
    func aDeviceOrFIFOIsRefused(type: mode_t) throws {
        #expect(try refusal(.tar, [Member(path: "x", type: type)]) == ArchiveError(.special, path: "x", member: 1))
    }

    @Test func aSparseFileIsRefused() throws {
        let sparse = Member(path: "x.env", contents: Array("A=1\n".utf8), isSparse: true)
        #expect(try refusal(.tar, [sparse])?.rule == .sparse)
    }

    @Test func anEncryptedZipIsRefused() throws {
        let bytes = try SampleArchive(form: .zip, members: [.file(".env")], password: "pw").bytes()
        #expect(refusal(of: bytes)?.rule == .encrypted)
    }

    @Test(arguments: [Vector.encrypted7z, Vector.encryptedHeader7z])
    func anEncrypted7zIsRefused(bytes: [UInt8]) {
        #expect(refusal(of: bytes)?.rule == .encrypted)
    }

    @Test(arguments: [Form.tar, .zip], [("a/.env", "a/.env"), (".env", "./.env"), ("a/.env", "a/./.env"), ("x", "x")])
    func twoMembersOfOneNameAreRefused(form: Form, paths: (String, String)) throws {
        #expect(try refusal(form, [.file(paths.0), .file(paths.1)])?.rule == .duplicate)
    }

    @Test(arguments: ["a.zip", "b/c.tar.gz", "x.tgz", "y.7z", "Z.TAR", "env.gz"])
    func anArchiveInsideIsRefusedByItsName(path: String) throws {
        #expect(try refusal(.tar, [.file(".env"), .file(path)]) == ArchiveError(.nested, path: path, member: 2))
    }

    @Test(arguments: Form.allCases)
    func anArchiveInsideIsRefusedByItsContents(form: Form) throws {
        let inner = try SampleArchive(form: form, members: [.file(".env")]).bytes()
        let outer = Member(path: ".env", contents: inner)
        #expect(try refusal(.zip, [outer]) == ArchiveError(.nested, path: ".env", member: 1))
    }

    @Test(arguments: [
        [0x1F, 0x9D, 0, 0], Array("BZh91AY&SY".utf8), Array("Rar!\u{1A}\u{7}\0".utf8), Array("MSCF\0\0\0\0".utf8),
    ])
    func anArchiveOfAnotherKindIsRefused(bytes: [UInt8]) {
        #expect(refusal(of: bytes) == ArchiveError(.foreign))
    }

    @Test func aCompressedTextIsNoArchiveOfFiles() {
        #expect(refusal(of: Compressed.gzip(Array("A=1\n".utf8))) == ArchiveError(.foreign))
    }

    @Test func aStreamWithinAStreamIsRefused() throws {
        let tar = try SampleArchive(form: .tarGzip, members: [.file(".env")]).bytes()
        #expect(refusal(of: Compressed.gzip(tar)) == ArchiveError(.nested))
    }

    @Test(arguments: Form.allCases)
    func anArchiveWithoutAnEnvironmentFileIsRefused(form: Form) throws {
        #expect(try refusal(form, [.file("README.md")]) == ArchiveError(.noBundle))
    }

    @Test func anEmptyArchiveIsRefused() {
        #expect(refusal(of: [UInt8](repeating: 0, count: 10_240)) == ArchiveError(.noBundle))
        #expect(refusal(of: Array("PK\u{5}\u{6}".utf8) + [UInt8](repeating: 0, count: 18)) != nil)
    }

    // MARK: - What is damaged

    @Test(arguments: Form.allCases)
    func anArchiveThatWasCutOffAnywhereIsRefused(form: Form) throws {
        let text = (0..<400).map { "NAME_\($0)=\($0 &* 2_654_435_761 % 1_000_003)" }.joined(separator: "\n")
        let bytes = try SampleArchive(form: form, members: [.file("a.env", text), .file("b.env", text)]).bytes()
        #expect(refusal(of: bytes) == nil)
        for count in stride(from: 4, to: bytes.count - 1, by: max(1, bytes.count / 97)) {
            // The last block of zeros may be missing from the end of a tar, as long as one is there.
            guard form != .tar || bytes[count...].contains(where: { $0 != 0 }) else { continue }
            let refusal = refusal(of: Array(bytes[..<count]))
            #expect(refusal != nil, "\(count) of \(bytes.count) bytes")
        }
    }

    /// A stream of zstd has a checksum where its writer added one, which that of libarchive does not.
    @Test(arguments: [Form.zip, .sevenZip, .tarGzip, .tarXZ])
    func aChangedByteOfAMembersContentsIsNoticed(form: Form) throws {
        let text = "SECRET=0123456789abcdef\n"
        let bytes = try SampleArchive(form: form, members: [.file(".env", text)]).bytes()
        var unnoticed = 0
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x10
            guard let archive = try? read(changed) else { continue }
            let contents = archive.bundles.first?.text.bytes.withBytes(Array.init)
            if archive.bundles.count == 1, contents != Array(text.utf8) { unnoticed += 1 }
        }
        #expect(unnoticed == 0)
    }

    @Test func whatFollowsTheEndOfATarIsReadOrRefused() throws {
        let first = try SampleArchive(form: .tar, members: [.file("a.env")]).bytes()
        let second = try SampleArchive(form: .tar, members: [.file("b.env")]).bytes()
        #expect(try read(first + second).bundles.map(\.path) == ["a.env", "b.env"])
        let garbage = [UInt8](repeating: 0x41, count: 512) + [UInt8](repeating: 0, count: 1_024)
        #expect(refusal(of: first + garbage)?.rule == .damaged)
    }

    @Test func whatFollowsTheEndOfAStreamIsRefused() throws {
        let bytes = try SampleArchive(form: .tarGzip, members: [.file("a.env")]).bytes()
        #expect(refusal(of: bytes + [0, 0, 0]) == nil)
        #expect(refusal(of: bytes + [1, 2, 3])?.rule == .damaged)
    }

    @Test func aNameOfManyLayersIsRefusedAndNotFollowed() {
        var header = [UInt8](repeating: 0, count: 1_024)
        header.replaceSubrange(0..<13, with: Array("././@LongLink".utf8))
        header.replaceSubrange(124..<136, with: Array("00000000005\0".utf8))
        header[156] = UInt8(ascii: "L")
        header.repairTarChecksum()
        header.replaceSubrange(512..<516, with: Array("abcd".utf8))
        let bytes = Array(repeatElement(header, count: 9_000).joined()) + [UInt8](repeating: 0, count: 1_024)
        #expect(refusal(of: bytes)?.rule == .damaged)
    }
}

/// The page against the code.
struct DocumentedArchiveRuleTests {
    private var page: String {
        get throws {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../../docs/env-files.md")
            return try String(contentsOf: file, encoding: .utf8)
        }
    }

    @Test(arguments: ArchiveRule.allCases)
    func everyRuleIsOnThePage(rule: ArchiveRule) throws {
        #expect(try page.contains("| `\(rule.rawValue)` |"))
        #expect(!rule.text.isEmpty)
    }

    @Test(arguments: Archive.Skipped.Reason.allCases)
    func everyReasonToSkipIsOnThePage(reason: Archive.Skipped.Reason) throws {
        #expect(try page.contains("| `\(reason.rawValue)` |"))
    }
}
