// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import NIOCore

/// A message as it comes, part by part.
package enum MessagePart<Head: Sendable>: Sendable {
    case head(Head)
    /// Never without bytes.
    case body(ByteBuffer)
    /// With the trailers.
    case end(HTTPFields?)
}

/// The head of a request (RFC 9112 §3).
package struct RequestLines: Sendable {
    package let method: HTTPRequest.Method
    /// As it was sent: a path, a whole URL, an authority or an asterisk.
    package let target: String
    /// What `Host` says; nil in a request of HTTP/1.0 only.
    package let host: String?
    /// In their order, without `Host`.
    package let fields: [HTTPField]
    /// Whether it is of HTTP/1.0, whose clients know no chunks.
    package let isOld: Bool
    /// Whether nothing that follows it over its connection is another request.
    package let isLast: Bool
    /// Whether the client sends its body only when it is told to (RFC 9110 §10.1.1).
    package let waitsWithBody: Bool
    /// What `Content-Length` says; nil where it is not there.
    package let length: Int?
    let isChunked: Bool
}

/// The head of an answer (RFC 9112 §4).
package struct AnswerLines: Sendable {
    package let status: Int
    /// Its fields as they came; nil where another protocol carried them.
    package private(set) var block: FieldBlock?
    /// What `Content-Length` says; nil where it is not there.
    package let length: Int?
    package let isChunked: Bool
    /// Whether only the end of its connection ends it.
    package let endsWithConnection: Bool
    /// Whether its connection can carry another request after it.
    package let mayGoOn: Bool
    private let said: [HTTPField]

    /// In their order.
    package var fields: [HTTPField] { block?.fields ?? said }

    /// Of an answer that another protocol carries.
    package init(status: Int, fields: [HTTPField]) {
        self.status = status
        said = fields
        length = nil
        isChunked = false
        endsWithConnection = false
        mayGoOn = false
    }

    init(status: Int, block: FieldBlock, length: Int?, isChunked: Bool, endsWithConnection: Bool, mayGoOn: Bool) {
        self.status = status
        self.block = block
        self.length = length
        self.isChunked = isChunked
        self.endsWithConnection = endsWithConnection
        self.mayGoOn = mayGoOn
        said = []
    }
}
