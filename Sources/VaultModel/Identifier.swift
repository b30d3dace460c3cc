// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The identity of one thing of kind `Subject`: a UUID of version 7 (RFC 9562 §5.7), written in lower case.
///
/// Immutable for the life of what it names, so a sealed record can be bound to it. Ids made later sort later, which
/// is what list cursors rely on.
package struct Identifier<Subject>: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The text form, 36 characters.
    package let text: String

    /// Accepts the text form of any UUID, in either case.
    package init?(_ text: some StringProtocol) { self.init(String(text)) }

    /// The same for what needs no copy: every row that is read makes some.
    package init?(_ text: String) {
        var text = text
        let isInLowerCase = text.withUTF8 { bytes -> Bool? in
            guard bytes.count == 36 else { return nil }
            var hasCapitals = false
            for (index, byte) in bytes.enumerated() {
                switch (index, byte) {
                case (8, _), (13, _), (18, _), (23, _): guard byte == UInt8(ascii: "-") else { return nil }
                case (_, UInt8(ascii: "0")...UInt8(ascii: "9")), (_, UInt8(ascii: "a")...UInt8(ascii: "f")): break
                case (_, UInt8(ascii: "A")...UInt8(ascii: "F")): hasCapitals = true
                default: return nil
                }
            }
            return !hasCapitals
        }
        guard let isInLowerCase else { return nil }
        self.text = isInLowerCase ? text : text.lowercased()
    }

    /// Makes an id for something created at `time`, with 48 random bits.
    ///
    /// Ids that one process makes in the same millisecond are told apart by a counter and sort in the order in which
    /// they were made (RFC 9562 §6.2, method 1).
    package init(at time: Timestamp) {
        let milliseconds = UInt64(bitPattern: time.milliseconds) & 0xFFFF_FFFF_FFFF
        let count = IdentifierSequence.next()
        let high = milliseconds << 16 | 0x7000 | count >> 14 & 0x0FFF
        let low = 0x8000_0000_0000_0000 | (count & 0x3FFF) << 48 | UInt64.random(in: 0..<1 << 48)
        let digits = Self.hexadecimal(high) + Self.hexadecimal(low)
        var text = ""
        text.reserveCapacity(36)
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            text.unicodeScalars.append(Unicode.Scalar(digit))
        }
        self.text = text
    }

    package var description: String { text }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    private static func hexadecimal(_ word: UInt64) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return (0..<16).map { digits[Int(word >> UInt64(60 - 4 * $0) & 0xF)] }
    }
}

/// Counts the ids that this process makes.
///
/// Never set back: 26 bits of it stand in an id, so two ids of one millisecond could only be out of order where the
/// count passes a multiple of 67 million.
private enum IdentifierSequence {
    private static let count = Atomic<UInt64>(0)

    static func next() -> UInt64 { count.add(1, ordering: .relaxed).oldValue }
}

package enum Workspace {}
package enum User {}
package enum Entry {}
package enum Agent {}
package enum Attachment {}
package enum Instance {}
package enum Token {}
package enum Rotation {}
package enum Backup {}
package enum Session {}
package enum Invitation {}

package typealias WorkspaceID = Identifier<Workspace>
package typealias UserID = Identifier<User>
package typealias EntryID = Identifier<Entry>
package typealias AgentID = Identifier<Agent>
package typealias AttachmentID = Identifier<Attachment>
package typealias InstanceID = Identifier<Instance>
package typealias TokenID = Identifier<Token>
package typealias RotationID = Identifier<Rotation>
package typealias BackupID = Identifier<Backup>
package typealias SessionID = Identifier<Session>
package typealias InvitationID = Identifier<Invitation>
