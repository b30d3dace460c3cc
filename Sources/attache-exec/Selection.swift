// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// What of the vault's values the command gets, under which name and in which form.
///
/// `--only`, `--require`, `--map` and `--file` speak of the vault's names, `--keep` of the command's.
struct Selection {
    let options: Options
    let inherited: InheritedEnvironment

    /// Refuses what is missing or, with `--strict`, not expected; then renames, and makes the files.
    ///
    /// The new strings stay until execve(2), as the given ones do.
    func choose(from given: [EnvironmentString]) throws(Failure) -> [EnvironmentString] {
        let chosen = given.filter { options.only.isEmpty || options.only.contains($0.name ?? "") }
        try checkExpected(chosen)
        var index = NameIndex(capacity: chosen.count)
        var strings: [EnvironmentString] = []
        for string in chosen {
            guard let name = string.name, let value = string.value else { continue }
            let newName = try renamed(name)
            let file = options.files.first { $0.name == name }
            if let file {
                strings.append(try file.make(named: newName, value))
            } else {
                strings.append(newName == name ? string : EnvironmentString(joining: [newName, "=", value]))
            }
            guard index.put(strings[strings.count - 1].name ?? "", at: strings.count) == nil else {
                let message: Message = "\(newName) would be given twice; see --map, --prefix and --file"
                throw Failure(code: "duplicate_variable", message: message)
            }
        }
        return strings
    }

    private func checkExpected(_ chosen: [EnvironmentString]) throws(Failure) {
        var index = NameIndex(capacity: chosen.count)
        for (position, string) in chosen.enumerated() { _ = index.put(string.name ?? "", at: position) }
        var missing: [Text] = []
        for name in options.expected where index.position(of: name) == nil && !missing.contains(name) {
            let newName = try renamed(name)
            if !options.keep.contains(newName) || inherited[newName] == nil { missing.append(name) }
        }
        guard missing.isEmpty else {
            throw Failure(code: "required_missing", message: "not attached to this agent: \(missing)")
        }
        guard options.isStrict else { return }
        let expected = options.expected
        let others = chosen.compactMap { $0.name }.filter { !expected.contains($0) }
        guard others.isEmpty else {
            throw Failure(code: "unexpected_variable", message: "attached to this agent, and not expected: \(others)")
        }
    }

    private func renamed(_ name: Text) throws(Failure) -> Text {
        if let renaming = options.renamed.first(where: { $0.name == name }) { return renaming.other }
        guard !options.prefix.isEmpty else { return name }
        let newName = Text(joining: [options.prefix, name])
        guard newName.isEnvironmentName, !newName.isDangerousName else {
            throw Failure(code: "dangerous_name", message: "\(newName) is too long, or not a name to rename to")
        }
        return newName
    }
}
