// SPDX-License-Identifier: Apache-2.0

/// Why bytes are no message of HTTP/1.1, or none that everybody reads alike (RFC 9112 §11.2).
package enum MessageFault: Error, Equatable {
    /// A line is not in the form of RFC 9112 §3 to §5 and §7, or ends otherwise than with CR and LF.
    case malformed
    /// A head, or what frames a body, is larger than its ``MessageLimits``.
    case tooLarge
    /// A request does not name one host (RFC 9112 §3.2).
    case host
    /// `Content-Length` is no number, is there twice, or stands beside a transfer coding (RFC 9112 §6.3).
    case length
    /// A body is not framed by `chunked` alone, which is all that is known here, or there is a coding in HTTP/1.0, which has
    /// none (RFC 9112 §6.1).
    case transferCoding
    /// The connection ended within a message (RFC 9112 §8).
    case brokenOff
}
