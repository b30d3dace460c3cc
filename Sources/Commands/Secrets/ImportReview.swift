// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import VaultModel

/// What a user has chosen so far about the lines of a plan, and what the screen shows of it.
///
/// Knows keys and lines of text, and no terminal.
package struct ImportReview {
    /// What a key ended the review with.
    package enum Outcome: Equatable, Sendable {
        case confirmed, cancelled
    }

    private struct Row {
        var entry: ImportEntryBody
        var choice: ImportChoice

        /// The name in the file.
        var fileName: String { entry.originalName ?? entry.name }
        var name: String { choice.rename ?? fileName }
        var kind: EntryKind { choice.kind ?? entry.kind }
        var isSkipped: Bool { choice.skip == true }

        /// What will be done with the line, as far as it is known before the server is asked again.
        var action: String {
            if isSkipped { return "skip" }
            if entry.action == .conflict, choice.onExisting != nil || choice.rename != nil {
                return choice.rename != nil ? "create" : choice.onExisting?.rawValue ?? ""
            }
            return entry.action == .skip ? "create" : entry.action.rawValue
        }

        /// Whether anything was chosen that differs from the plan that was made without choices.
        var isChanged: Bool { choice != ImportChoice(bundle: choice.bundle, name: choice.name) }
    }

    private var rows: [Row]
    private var cursor = 0
    /// The first row on the screen.
    private var top = 0
    private var visibleRows = 1
    /// The new name as far as it is typed; nil while no name is being changed.
    private var typedName: String?
    private var message: String?

    package init(_ plan: ImportBody) {
        rows = plan.entries.map { entry in
            Row(entry: entry, choice: ImportChoice(bundle: entry.bundle, name: entry.originalName ?? entry.name))
        }
        tell(of: plan)
    }

    /// Takes over a plan that was made with the choices.
    package mutating func update(to plan: ImportBody) {
        for (index, entry) in plan.entries.enumerated() where index < rows.count { rows[index].entry = entry }
        tell(of: plan)
    }

    private mutating func tell(of plan: ImportBody) {
        guard let first = plan.conflicts.first else { return }
        let more = plan.conflicts.count - 1
        message = first.importText + (more > 0 ? ", and \(more) more" : "")
        if let index = rows.firstIndex(where: { $0.entry.action == .conflict }) { cursor = index }
    }

    /// What differs from the plan that was made without choices.
    package var choices: [ImportChoice] { rows.filter(\.isChanged).map(\.choice) }

    // MARK: - Keys

    package mutating func press(_ key: Key) -> Outcome? {
        if typedName != nil {
            typeName(key)
            return nil
        }
        message = nil
        switch key {
        case .up: move(by: -1)
        case .down: move(by: 1)
        case .pageUp: move(by: -visibleRows)
        case .pageDown: move(by: visibleRows)
        case .home: move(by: -rows.count)
        case .end: move(by: rows.count)
        case .enter: return .confirmed
        case .escape, .character("q"): return .cancelled
        case .character(" "), .character("s"): toggleSkip()
        case .character("k"): changeKind()
        case .character("u"): toggleUpdate()
        case .character("r"): typedName = rows.indices.contains(cursor) ? rows[cursor].name : nil
        case .character, .backspace, .other: break
        }
        return nil
    }

    private mutating func move(by distance: Int) {
        cursor = max(0, min(rows.count - 1, cursor + distance))
    }

    private mutating func toggleSkip() {
        guard rows.indices.contains(cursor) else { return }
        rows[cursor].choice.skip = rows[cursor].isSkipped ? nil : true
        move(by: 1)
    }

    private mutating func changeKind() {
        guard rows.indices.contains(cursor) else { return }
        let row = rows[cursor]
        // The plan gives an entry that exists the kind that it has.
        guard row.entry.id == nil || row.kind == .variable || row.choice.kind != nil else {
            message = "\(row.name) is a secret and stays one"
            return
        }
        rows[cursor].choice.kind = row.choice.kind != nil ? nil : row.kind == .secret ? .variable : .secret
    }

    private mutating func toggleUpdate() {
        guard rows.indices.contains(cursor) else { return }
        guard rows[cursor].entry.id != nil else {
            message = "\(rows[cursor].name) does not exist yet"
            return
        }
        rows[cursor].choice.onExisting = rows[cursor].choice.onExisting == .update ? nil : .update
    }

    private mutating func typeName(_ key: Key) {
        guard let name = typedName else { return }
        switch key {
        case .enter:
            guard (try? EnvironmentName(name)) != nil else {
                message = "a name has letters, digits and _, not a digit first, and at most 128 of them"
                return
            }
            rows[cursor].choice.rename = name == rows[cursor].fileName ? nil : name
            typedName = nil
            message = nil
        case .escape:
            typedName = nil
            message = nil
        case .backspace: typedName = String(name.dropLast())
        case .character(let character): typedName = name + String(character)
        case .up, .down, .pageUp, .pageDown, .home, .end, .other: break
        }
    }

    // MARK: - Lines

    /// The lines of a screen of that size, none wider than it.
    package mutating func lines(columns: Int, rows height: Int) -> [ReviewLine] {
        visibleRows = max(1, height - 4)
        top = max(0, min(top, cursor, max(0, rows.count - visibleRows)))
        if cursor >= top + visibleRows { top = cursor - visibleRows + 1 }
        var table = Table("", "NAME", "KIND", "ACTION", "WHY", "MASK", "FLAGS")
        let shown = rows[top..<min(rows.count, top + visibleRows)]
        for row in shown {
            table.add(
                row.isSkipped ? "[ ]" : "[x]",
                row.choice.rename.map { "\(row.fileName) as \($0)" } ?? row.name,
                row.kind.rawValue,
                row.action,
                row.choice.kind != nil ? "chosen" : row.entry.reason,
                row.entry.mask,
                ([row.entry.bundle].compactMap(\.self) + row.entry.flags).joined(separator: " ")
            )
        }
        var lines = [ReviewLine("import: \(rows.count { !$0.isSkipped }) of \(rows.count) entries")]
        for (index, text) in table.text.split(separator: "\n").enumerated() {
            lines.append(ReviewLine(String(text), isMarked: index > 0 && top + index - 1 == cursor))
        }
        lines.append(ReviewLine(message ?? ""))
        lines.append(ReviewLine(typedName.map { "new name: \($0)_" } ?? Self.help))
        return lines.map { ReviewLine($0.text.shortened(to: columns), isMarked: $0.isMarked) }
    }

    private static let help = "arrows move  space skip  k kind  r rename  u update  Enter import  q leave"
}

/// One line of the screen.
package struct ReviewLine: Equatable, Sendable {
    package let text: String
    package let isMarked: Bool

    init(_ text: String, isMarked: Bool = false) {
        self.text = text
        self.isMarked = isMarked
    }
}
