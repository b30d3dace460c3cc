// SPDX-License-Identifier: Apache-2.0

internal import NIOHTTP2

/// Whether an error that a connection of HTTP/2 reports is the end of all its streams (RFC 9113 §5.4.1).
///
/// A message that one stream got wrong is that stream's alone: it has been reset when the error is reported. The library
/// reports both in the same way, and sends GOAWAY for the others without closing; what is not known here ends the connection.
package func endsConnection(_ error: any Error) -> Bool {
    switch error {
    // Lengths that are not those that were said.
    case is NIOHTTP2Errors.ContentLengthViolated, is NIOHTTP2Errors.ContentLengthHeadersMismatch,
        is NIOHTTP2Errors.ContentLengthHeaderNegative, is NIOHTTP2Errors.ContentLengthHeaderMalformedValue:
        false
    // Fields that no message has.
    case is NIOHTTP2Errors.ForbiddenHeaderField, is NIOHTTP2Errors.InvalidHTTP2HeaderFieldName,
        is NIOHTTP2Errors.InvalidHTTP2HeaderFieldValue, is NIOHTTP2Errors.PseudoHeaderAfterRegularHeader,
        is NIOHTTP2Errors.InvalidPseudoHeaders, is NIOHTTP2Errors.InvalidPseudoHeaderValue,
        is NIOHTTP2Errors.MissingPseudoHeader, is NIOHTTP2Errors.DuplicatePseudoHeader,
        is NIOHTTP2Errors.UnknownPseudoHeader, is NIOHTTP2Errors.UnsupportedPseudoHeader,
        is NIOHTTP2Errors.EmptyPathHeader, is NIOHTTP2Errors.TrailersWithoutEndStream:
        false
    case is NIOHTTP2Errors.StreamError, is NIOHTTP2Errors.StreamClosed, is NIOHTTP2Errors.CreatedStreamAfterGoaway:
        false
    default: true
    }
}
