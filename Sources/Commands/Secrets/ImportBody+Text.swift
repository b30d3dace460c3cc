// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import VaultModel

extension ImportBody {
    /// Whether another common reader would give another value, or a name is risky.
    package var isDoubtful: Bool { findings.contains { $0.severity == "ambiguous" || $0.severity == "risk" } }

    /// The plan for people.
    package var text: String {
        var text = entries.isEmpty ? "no entries\n" : bundles.count > 1 ? tableByBundle : table(of: entries)
        for file in skipped { text += "not read: \(file.path.printable) (\(file.reason))\n" }
        let counts = ImportAction.allCases.compactMap { action -> String? in
            let count = entries.count { $0.action == action }
            return count == 0 ? nil : "\(count) \(action.rawValue)"
        }
        text += applied ? "imported: " : "nothing was written: "
        text += (counts.isEmpty ? "0" : counts.joined(separator: ", ")) + "\n"
        if !applied { text += "plan: \(planId.printable)\n" }
        if !attachedTo.isEmpty { text += "attached to: \(attachedTo.listed)\n" }
        if !stale.isEmpty { text += "receive the change at their next start: \(stale.listed)\n" }
        return text
    }

    private var tableByBundle: String {
        bundles.map { bundle in
            "\(bundle.name.printable):\n" + table(of: entries.filter { $0.bundle == bundle.name }) + "\n"
        }.joined()
    }

    private func table(of entries: [ImportEntryBody]) -> String {
        var table = Table("LINE", "NAME", "KIND", "WHY", "ACTION", "LENGTH", "MASK", "PROVIDER", "FLAGS")
        for entry in entries {
            table.add(
                String(entry.line),
                entry.originalName.map { "\($0) as \(entry.name)" } ?? entry.name,
                entry.kind.rawValue,
                entry.reason,
                entry.action.rawValue,
                String(entry.length),
                entry.mask,
                entry.provider ?? "-",
                entry.flags.isEmpty ? "-" : entry.flags.joined(separator: ",")
            )
        }
        return table.text
    }
}

extension FindingBody {
    /// The finding as a line for people; `file` is the file that was sent, where the finding names none.
    package func text(inFile name: String) -> String {
        let place = line == 0 ? file ?? name : "\(file ?? name):\(line):\(column)"
        return "\(place): \(code): \(text)".printable
    }
}

extension ConflictBody {
    /// What keeps an import from being carried out, for people.
    package var importText: String {
        let who = agent.map { " (agent \($0))" } ?? ""
        return switch code {
        case .duplicateName where with != nil: "\(name) has another value in \(with ?? "")"
        case .duplicateName: "\(name) exists already"
        case .duplicateProvider: "\(name) is of the same provider as \(with ?? "")\(who)"
        case .duplicateVariable: "\(name) would be a second value of one variable\(who)"
        case .invalidName: "\(name) changes how a process is loaded\(who)"
        case .kindIsFinal: "\(name) is a secret and stays one"
        case .limitReached: "more than 2,000 entries would be attached\(who)"
        default: "\(name): \(code.rawValue)\(who)"
        }
    }
}

extension [NamedBody] {
    /// The names, for people.
    var listed: String { map(\.name.printable).joined(separator: ", ") }
}
