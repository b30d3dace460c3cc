// SPDX-License-Identifier: Apache-2.0

/// Why a mail was not sent.
///
/// No case holds a text of the server's or a part of the mail.
package enum MailError: Error, Equatable {
    /// The name has no address, or nothing answers there.
    case unreachable
    /// TLS could not be agreed on, or the certificate is not for that name.
    case untrusted
    /// The server offers no TLS, and is not on this machine.
    case noEncryption
    /// The server offers no way to log in that is known here.
    case noLogin
    case loginRefused(code: Int)
    case addressRefused(code: Int)
    case messageRefused(code: Int)
    /// What came back is no SMTP, or not what may come at that point.
    case notUnderstood
    case timedOut
    /// The password's file cannot be read, or others can read it too.
    case passwordUnreadable

    /// What to tell an operator.
    package var text: String {
        switch self {
        case .unreachable: "the mail server cannot be reached"
        case .untrusted: "TLS with the mail server fails: its certificate is not trusted, or it speaks none there"
        case .noEncryption: "the mail server offers no TLS"
        case .noLogin: "the mail server offers neither PLAIN nor LOGIN"
        case .loginRefused(let code): "the mail server refuses the login (\(code))"
        case .addressRefused(let code): "the mail server refuses the address (\(code))"
        case .messageRefused(let code): "the mail server refuses the mail (\(code))"
        case .notUnderstood: "the mail server does not speak SMTP"
        case .timedOut: "the mail server does not answer in time"
        case .passwordUnreadable: "the file of the mail server's password cannot be read, or not by its owner alone"
        }
    }
}
