// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import EnvironmentFile
internal import Storage
internal import VaultModel

/// The lines of an import, with what was chosen about single names.
struct ImportChoices {
    private let request: ImportRequest
    private let bundles: [ImportBundles.Bundle]
    private let choices: [Place: ImportChoice]

    /// A name of a bundle.
    private struct Place: Hashable {
        let bundle: String?
        let name: String
    }

    /// Finds for every choice the one name that it is about.
    init(_ request: ImportRequest, bundles: [ImportBundles.Bundle]) throws(VaultError) {
        self.request = request
        self.bundles = bundles
        var choices: [Place: ImportChoice] = [:]
        for choice in request.choices {
            let owners = bundles.filter { bundle in
                (choice.bundle == nil || bundle.name == choice.bundle)
                    && bundle.entries.contains { $0.name.text == choice.name }
            }
            guard let owner = owners.first else {
                throw .invalidField("choices", reason: "a choice is about a name that no bundle has")
            }
            guard owners.count == 1 else {
                throw .invalidField("choices", reason: "several bundles have the name; say which")
            }
            guard choices.updateValue(choice, forKey: Place(bundle: owner.name, name: choice.name)) == nil else {
                throw .invalidField("choices", reason: "two choices are about one name")
            }
        }
        self.choices = choices
    }

    /// The lines, by bundle; those that were chosen to be left out have that action already.
    func lines(_ act: Act) throws -> [ImportPlan.Line] {
        try bundles.flatMap { bundle in
            try bundle.entries.map { entry in
                let choice = choices[Place(bundle: bundle.name, name: entry.name.text)]
                let name = try choice?.rename.map { try environmentName($0, field: "choices") } ?? entry.name
                if name != entry.name { try act.check(entry.value, for: name) }
                let guess = KindGuess(name: name, value: entry.value.bytes)
                let row = try act.connection.liveEntry(named: name, in: act.workspace)
                let requested = choice?.kind ?? request.kind
                return ImportPlan.Line(
                    bundle: bundle.name,
                    entry: entry,
                    guess: guess,
                    name: name,
                    kind: requested ?? row?.kind ?? guess.kind,
                    reason: requested != nil ? "requested" : row != nil ? "existing" : guess.reason.rawValue,
                    onExisting: choice?.onExisting ?? request.onExisting,
                    action: choice?.skip == true ? .skip : .create,
                    row: row
                )
            }
        }
    }
}
