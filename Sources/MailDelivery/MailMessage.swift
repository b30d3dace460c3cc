// SPDX-License-Identifier: Apache-2.0

package import VaultModel

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A mail of plain text to one person.
package struct MailMessage: Sendable {
    package var recipient: EmailAddress
    package var subject: String
    /// Lines end with a line feed.
    package var text: String
    package var date: Timestamp

    package init(to recipient: EmailAddress, subject: String, text: String, date: Timestamp) {
        self.recipient = recipient
        self.subject = subject
        self.text = text
        self.date = date
    }

    /// The mail as it is sent (RFC 5322), lines ended by CR LF.
    ///
    /// Text and subject are encoded whatever they hold: names come from people, and no line of theirs becomes a header, a
    /// line that is too long, or the dot that ends a mail.
    func bytes(from sender: EmailAddress) -> [UInt8] {
        let domain = sender.text.drop { $0 != "@" }.dropFirst()
        let id = "\(date.milliseconds).\(UInt64.random(in: .min ... .max))@\(domain)"
        let head = [
            "From: Attache <\(sender)>", "To: <\(recipient)>", "Subject: \(Self.encodedWords(subject))",
            "Date: \(date.mailDate)", "Message-ID: <\(id)>", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
        ]
        let body = Data(text.replacing("\n", with: "\r\n").utf8).base64EncodedString()
        var lines = head + [""]
        var rest = body[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(76)))
            rest = rest.dropFirst(76)
        }
        return Array(lines.joined(separator: "\r\n").utf8) + [13, 10]
    }

    /// RFC 2047: words of at most 75 characters, each a whole number of characters of the text.
    static func encodedWords(_ text: String) -> String {
        var words: [String] = []
        var word: [UInt8] = []
        func finishWord() {
            guard !word.isEmpty else { return }
            words.append("=?utf-8?B?\(Data(word).base64EncodedString())?=")
            word = []
        }
        for character in text.unicodeScalars {
            let bytes = Array(String(character).utf8)
            if word.count + bytes.count > 42 { finishWord() }
            word += bytes
        }
        finishWord()
        return words.joined(separator: "\r\n ")
    }
}

extension Timestamp {
    /// RFC 5322 §3.3, in universal time.
    fileprivate var mailDate: String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let seconds = milliseconds / 1_000
        let day = Int(seconds / 86_400)
        // Days of the civil calendar, counted from March of a cycle of 400 years.
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 2 : shiftedMonth - 10
        let year = era * 400 + yearOfEra + (month < 2 ? 1 : 0)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = [seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60].map(two).joined(separator: ":")
        return "\(days[day % 7]), \(dayOfMonth) \(months[month]) \(year) \(time) +0000"
    }
}
