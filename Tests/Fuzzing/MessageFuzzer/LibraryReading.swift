// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP1

/// What the library's parser reads.
struct LibraryReading {
    private(set) var messages: [ReadMessage] = []
    /// Whether it refused something before the bytes were at their end.
    private(set) var hasFailed = false

    init(of bytes: [UInt8], answering methods: [String]?) {
        let channel = EmbeddedChannel()
        do {
            if let methods {
                try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPResponseDecoder()))
                for method in methods {
                    let head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: "/")
                    try channel.writeOutbound(HTTPClientRequestPart.head(head))
                }
            } else {
                try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
            }
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch {
            hasFailed = true
        }
        // Of what the end of the connection does only the end of a body is looked at.
        _ = try? channel.finish(acceptAlreadyClosed: true)
        if methods == nil {
            while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) { add(part) }
        } else {
            while let part = try? channel.readInbound(as: HTTPClientResponsePart.self) { add(part) }
        }
    }

    private mutating func add(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            let hosts = head.headers.filter { $0.name.lowercased() == "host" }.map { ReadField("host", $0.value) }
            let others = head.headers.filter { $0.name.lowercased() != "host" }.map { ReadField($0.name, $0.value) }
            // The library's name of it has no hyphen.
            let method = head.method == .MSEARCH ? "M-SEARCH" : head.method.rawValue
            messages.append(ReadMessage([method, head.uri], hosts + others, goesOn: head.isKeepAlive))
            messages[messages.count - 1].hasTabs = Self.hasTabs(head.headers)
        case .body(let bytes): ReadMessage.add(bytes.readableBytesView, to: &messages)
        case .end(let trailers): ReadMessage.end(&messages, with: Self.fields(trailers))
        }
    }

    private mutating func add(_ part: HTTPClientResponsePart) {
        switch part {
        case .head(let head):
            messages.append(
                ReadMessage(["\(head.status.code)"], Self.fields(head.headers), goesOn: head.isKeepAlive)
            )
            messages[messages.count - 1].hasTabs = Self.hasTabs(head.headers)
        case .body(let bytes): ReadMessage.add(bytes.readableBytesView, to: &messages)
        case .end(let trailers): ReadMessage.end(&messages, with: Self.fields(trailers))
        }
    }

    private static func hasTabs(_ headers: HTTPHeaders) -> Bool {
        headers.contains {
            ["connection", "transfer-encoding"].contains($0.name.lowercased()) && $0.value.contains("\t")
        }
    }

    private static func fields(_ headers: HTTPHeaders?) -> [ReadField] {
        headers?.map { ReadField($0.name, $0.value) } ?? []
    }
}
