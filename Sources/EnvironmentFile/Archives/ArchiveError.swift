// SPDX-License-Identifier: Apache-2.0

/// Why an archive is refused as a whole.
///
/// The raw values are part of the interface.
package enum ArchiveRule: String, CaseIterable, Sendable {
    case tooLarge = "E_ARCHIVE_TOO_LARGE"
    case expandsTooFar = "E_ARCHIVE_BOMB"
    case tooManyMembers = "E_ARCHIVE_TOO_MANY"
    case foreign = "E_ARCHIVE_FORMAT"
    case damaged = "E_ARCHIVE_DAMAGED"
    case encrypted = "E_ARCHIVE_ENCRYPTED"
    case path = "E_ARCHIVE_PATH"
    case duplicate = "E_ARCHIVE_DUPLICATE"
    case link = "E_ARCHIVE_LINK"
    case special = "E_ARCHIVE_SPECIAL"
    case sparse = "E_ARCHIVE_SPARSE"
    case nested = "E_ARCHIVE_NESTED"
    case noBundle = "E_ARCHIVE_EMPTY"

    /// What it means and what to do, without any part of the archive.
    package var text: String {
        switch self {
        case .tooLarge: "the archive is larger than 10 MiB"
        case .expandsTooFar: "the archive expands to more than 16 MiB, or to more than 100 times its size"
        case .tooManyMembers: "the archive has more than 1,000 members, or more than 64 .env files"
        case .foreign: "an archive that is not read here; use tar, tar.gz, tar.xz, tar.zst, zip or 7z"
        case .damaged: "the archive is damaged or cut off; make it again"
        case .encrypted: "the archive is encrypted; make one without a password and send it over TLS or the socket"
        case .path:
            "a member's name is absolute, leads upwards, is not UTF-8, or has a backslash or a control character"
        case .duplicate: "two members have the same name"
        case .link: "a member is a link; put the file itself into the archive"
        case .special: "a member is a device, a FIFO or a socket"
        case .sparse: "a member is a sparse file; make the archive without --sparse"
        case .nested: "an archive inside the archive; unpack it first"
        case .noBundle: "the archive has no .env, .env.* or *.env file"
        }
    }
}

/// An archive that is not read, and the member that is the reason where it is one.
package struct ArchiveError: Error, Equatable {
    package let rule: ArchiveRule
    /// The path of the member; nil where the path itself is the reason, or no member is.
    package let path: String?
    /// The member's place in the archive, counted from 1.
    package let member: Int?

    package init(_ rule: ArchiveRule, path: String? = nil, member: Int? = nil) {
        self.rule = rule
        self.path = path
        self.member = member
    }

    /// What is the matter and what to do, in one line.
    package var text: String { rule.text + (member.map { " (member \($0))" } ?? "") }
}
