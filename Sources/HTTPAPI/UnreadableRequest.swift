// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import NIOHTTP1

extension OwnAnswer {
    /// Answers bytes that are no HTTP request in the form of every other error, as the last answer of a connection.
    ///
    /// Nil for an error that is not theirs, and where nobody is left to be told.
    init?(toUnreadable error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow:
            self = OwnAnswer(APIFailure(.headersTooLarge, "the header is too large")).unread
        // The peer went away.
        case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: return nil
        case is HTTPParserError:
            self = OwnAnswer(APIFailure(.invalidRequest, "the bytes are no HTTP request")).unread
        case let fault as FramingFault: self = OwnAnswer(fault.failure).unread
        default: return nil
        }
        fields[.connection] = "close"
    }
}
