// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// Some of the ids that a statement asks for, as its list after IN.
///
/// A statement takes a hundred ids, or one: a group repeats an id to be full, so that there are two statements to
/// compile and not one for each length.
struct IDGroup {
    private static let sizes = (several: 100, one: 1)

    /// What follows IN, such as `($2, $3)`.
    let list: String
    /// What the statement takes before the list, and the ids.
    let parameters: [SQLValue]

    /// The groups of `ids`, in their order.
    static func groups<Subject>(of ids: [Identifier<Subject>], after leading: [SQLValue]) -> [IDGroup] {
        var groups: [IDGroup] = []
        var rest = ids[...]
        while let first = rest.first {
            let size = rest.count == 1 ? sizes.one : sizes.several
            let group = rest.prefix(size)
            rest = rest.dropFirst(group.count)
            let all = group + Array(repeating: first, count: size - group.count)
            let places = (1...size).map { "$\(leading.count + $0)" }
            groups.append(
                IDGroup(
                    list: "(\(places.joined(separator: ", ")))",
                    parameters: leading + all.map { SQLValue.text($0.text) }
                )
            )
        }
        return groups
    }
}
