// SPDX-License-Identifier: Apache-2.0

/// `--map NAME=OTHER`: one entry of the vault, and the name that the command gets it by.
///
/// No renaming makes a dangerous name: which of those an agent may have is decided in the vault.
struct Renaming {
    let name: Text
    let other: Text

    static func list(_ list: Text?, _ source: Text) throws(Failure) -> [Renaming] {
        var renamings: [Renaming] = []
        var areWellFormed = true
        (list ?? "").forEachPiece(separator: UInt8(ascii: ",")) { piece in
            let pair = piece.trimmed
            let end = pair.index(of: UInt8(ascii: "=")) ?? pair.count
            let renaming = Renaming(name: pair[0..<end], other: pair[min(end + 1, pair.count)..<pair.count])
            areWellFormed = areWellFormed && renaming.name.isEnvironmentName && renaming.other.isEnvironmentName
            renamings.append(renaming)
        }
        guard areWellFormed, !renamings.isEmpty else { throw .usage("\(source) takes pairs such as NAME=OTHER") }
        for renaming in renamings where renaming.other.isDangerousName {
            throw .usage("\(source): \(renaming.other) is a name that a value must not be renamed to")
        }
        return renamings
    }

    static func prefix(_ text: Text?, _ source: Text) throws(Failure) -> Text {
        guard let text, text.isEnvironmentName, !text.hasPrefix(Text.ownPrefix) else {
            throw .usage("\(source) takes the beginning of a variable's name, and not ATTACHE_")
        }
        return text
    }
}
