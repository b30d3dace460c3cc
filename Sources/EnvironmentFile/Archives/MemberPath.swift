// SPDX-License-Identifier: Apache-2.0

/// A member's path inside its archive, without what could lead out of a folder or hide in a listing.
struct MemberPath: Hashable {
    static let maximumBytes = 1_024

    let text: String
    private let components: [Substring]

    /// Takes `raw` as the archive has it; nil for a path that no honest archive of settings has.
    init?(_ raw: String) {
        guard !raw.isEmpty, raw.utf8.count <= Self.maximumBytes, raw.utf8.first != UInt8(ascii: "/"),
            !raw.utf8.contains(Byte.backslash), !raw.unicodeScalars.contains(where: \.isControl),
            !Self.namesDrive(raw)
        else { return nil }
        let components = raw.split(separator: "/").filter { $0 != "." }
        guard !components.contains("..") else { return nil }
        self.components = components
        text = components.joined(separator: "/")
    }

    /// Whether the path begins as those of Windows do: a letter and a colon.
    private static func namesDrive(_ raw: String) -> Bool {
        let start = raw.utf8.prefix(2)
        return start.first?.isLetter == true && start.count == 2 && start.last == Byte.colon
    }

    /// What a file of that path is to an import.
    var role: Role {
        guard let name = components.last?.lowercased() else { return .other }
        if Self.archiveSuffixes.contains(where: name.hasSuffix) { return .archive }
        if components.contains("__MACOSX") || name.hasPrefix("._") { return .resourceFork }
        guard name == ".env" || name.hasPrefix(".env.") || name.hasSuffix(".env") else { return .other }
        let suffix = name.split(separator: ".").last ?? ""
        if Self.templateSuffixes.contains(suffix) { return .template }
        if name == ".env.keys" || name == ".env.vault" { return .keys }
        return .bundle
    }

    enum Role {
        case bundle, template, keys, resourceFork, archive, other
    }

    private static let templateSuffixes: Set<Substring> = ["example", "sample", "template", "dist", "schema"]

    private static let archiveSuffixes = [
        ".tar", ".tgz", ".txz", ".tzst", ".tbz2", ".gz", ".xz", ".zst", ".bz2", ".lz4", ".zip", ".7z", ".rar", ".jar",
        ".cpio", ".cab", ".iso",
    ]
}

extension Unicode.Scalar {
    /// A control character, of C0 or C1.
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
