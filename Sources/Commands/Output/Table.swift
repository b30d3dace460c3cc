// SPDX-License-Identifier: Apache-2.0

/// Rows under headings, each column as wide as its widest cell.
///
/// Cells are made printable here, so that nothing that came from elsewhere reaches the terminal as it is.
package struct Table {
    private var rows: [[String]]

    package init(_ headings: String...) {
        rows = [headings]
    }

    package mutating func add(_ cells: String...) { add(row: cells) }

    package mutating func add(row cells: [String]) {
        rows.append(cells.map(\.printable))
    }

    /// The lines, each with a line break and none with blanks at its end.
    package var text: String { Table.aligned(rows) }

    fileprivate static func aligned(_ rows: [[String]]) -> String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { column < $0.count ? $0[column].displayWidth : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.displayWidth + 2)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}

/// What is known about one thing, a field a line.
package struct FieldList {
    private var rows: [[String]] = []

    package init() {}

    /// Adds a field; one without content is left out.
    package mutating func add(_ label: String, _ content: String?) {
        guard let content, !content.isEmpty else { return }
        rows.append([label + ":", content.printable])
    }

    package var text: String { Table.aligned(rows) }
}
