// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The environment of the command: what was inherited, and over it what the vault gave.
struct EnvironmentVector {
    /// Every name once, `ATTACHE_…` gone except for `--pass`, malformed inherited strings as they were.
    let strings: [EnvironmentString]

    /// Merges, and reports every clash by name, once.
    ///
    /// The vault's value wins, except for `--keep`. Where an inherited name occurs twice the last string stays, which
    /// is the one that a shell would have used.
    init(inherited: InheritedEnvironment, given: [EnvironmentString], options: Options) {
        var merged: [EnvironmentString?] = []
        merged.reserveCapacity(inherited.strings.count + given.count)
        var index = NameIndex(capacity: inherited.strings.count + given.count)
        for string in inherited.strings where !string.isOwn || options.pass.contains(string.name ?? "") {
            if let name = string.name, let older = index.put(name, at: merged.count) { merged[older] = nil }
            merged.append(string)
        }

        var replaced: [Text] = []
        var kept: [Text] = []
        for string in given {
            guard let name = string.name else { continue }
            if index.position(of: name) != nil, options.keep.contains(name) {
                kept.append(name)
                continue
            }
            if let older = index.put(name, at: merged.count) {
                merged[older] = nil
                replaced.append(name)
            }
            merged.append(string)
        }
        strings = merged.compactMap { $0 }
        EnvironmentVector.report("note: the vault's value replaces the inherited one: ", replaced, options)
        EnvironmentVector.report("note: the inherited value is kept instead of the vault's: ", kept, options)
    }

    subscript(name: Text) -> EnvironmentString? { strings.last { $0.name == name } }

    /// What execve(2) takes: the strings' addresses and a closing NULL.
    var pointers: [UnsafeMutablePointer<UInt8>?] {
        strings.map { UnsafeMutablePointer(mutating: $0.text.bytes.baseAddress) } + [nil]
    }

    private static func report(_ text: Text, _ names: [Text], _ options: Options) {
        if !options.isQuiet, !names.isEmpty { Message("\(text)\(names)").print() }
    }
}
