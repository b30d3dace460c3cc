// SPDX-License-Identifier: Apache-2.0

/// How large what stands around a body may be.
package struct MessageLimits: Sendable {
    /// Bytes of a start line, or of a field with its name.
    package let line: Int
    /// Bytes of a head, and of the trailers behind a body.
    package let head: Int
    /// Fields of a head, and of the trailers behind a body.
    package let fields: Int

    package init(line: Int, head: Int, fields: Int) {
        (self.line, self.head, self.fields) = (line, head, fields)
    }
}
