// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPMessages
internal import HTTPTypes

extension OwnAnswer {
    /// Answers bytes that are no HTTP request in the form of every other error, as the last answer of a connection.
    ///
    /// Nil for an error that is not theirs, and where nobody is left to be told.
    init?(toUnreadable error: any Error) {
        guard let failure = (error as? MessageFault)?.failure else { return nil }
        self = OwnAnswer(failure).unread
        fields[.connection] = "close"
    }
}

extension MessageFault {
    /// What a client is told; nil where it is gone.
    ///
    /// 400 also for a transfer coding that is not known, like everything that cannot be read, and not 501.
    fileprivate var failure: APIFailure? {
        switch self {
        case .malformed: APIFailure(.invalidRequest, "the bytes are no HTTP request")
        case .tooLarge: APIFailure(.headersTooLarge, "the header is too large")
        case .host: APIFailure(.invalidRequest, "the request does not name one host")
        case .length: APIFailure(.invalidRequest, "the request does not say one length")
        case .transferCoding: APIFailure(.invalidRequest, "the body has a transfer coding other than chunked")
        case .brokenOff: nil
        }
    }
}
