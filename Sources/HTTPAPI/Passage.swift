// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import CoreMetrics
internal import Glibc
internal import HTTPTypes
internal import NIOCore
internal import NIOFoundationCompat
internal import Synchronization
internal import VaultModel

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What every request has, whether a route answers it or it is forwarded.
struct Passage: Sendable {
    let requestID: String
    let method: String
    /// The route's template, `-` before one was found.
    ///
    /// Never the path: what a client makes up is no label.
    var template = "-"
    /// Where the request comes from, as far as that is believed.
    var peer: IPAddress
    let start = ContinuousClock.now

    init(method: String, fields: HTTPFields, peer: IPAddress) {
        self.method = method
        self.peer = peer
        requestID = Self.requestID(in: fields)
    }

    /// The client's own id when it is a plain one, otherwise a new one.
    private static func requestID(in fields: HTTPFields) -> String {
        if let given = fields[.requestID], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            })
        {
            return given
        }
        return newRequestID()
    }

    static func newRequestID() -> String {
        let number = random.withLock { numbers in
            // Several at a time: asking the kernel for each would cost more than all else here.
            if numbers.isEmpty {
                numbers = (0..<16).map { _ in 0 }
                let isFilled = numbers.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) == 0 }
                if !isFilled { numbers = [.random(in: .min ... .max)] }
            }
            return numbers.removeLast()
        }
        return text(of: number)
    }

    /// Its digits of base 32, five bits each: a conversion to a base that is no power of two divides once for each.
    private static func text(of number: UInt128) -> String {
        String(unsafeUninitializedCapacity: 26) { digits in
            for index in 0..<26 {
                let digit = UInt8(truncatingIfNeeded: number >> (UInt128(index) * 5)) & 31
                digits[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 26
        }
    }

    private static let random = Mutex<[UInt128]>([])
}

extension HTTPFields {
    /// What stands in every answer that is the server's own.
    mutating func setOwn(_ passage: Passage) {
        self[.cacheControl] = "no-store"
        self[.xContentTypeOptions] = "nosniff"
        self[.requestID] = passage.requestID
    }
}

/// An answer of the server's own that is no success.
struct OwnAnswer {
    let status: HTTPResponse.Status
    var fields: HTTPFields
    let body: ByteBuffer

    init(_ failure: APIFailure) {
        status = HTTPResponse.Status(code: failure.body.status)
        var fields = failure.headers
        fields[.attacheError] = failure.body.code.rawValue
        switch failure.body.status {
        case 401: fields[.wwwAuthenticate] = "Bearer"
        case 503: fields[.retryAfter] = "1"
        default: break
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The vault's own types always encode.
        if let json = try? encoder.encode(failure.body) {
            fields[.contentType] = "application/json"
            body = ByteBuffer(data: json)
        } else {
            body = ByteBuffer()
        }
        fields[.contentLength] = String(body.readableBytes)
        self.fields = fields
    }

    /// The same to a request that nothing more is known of.
    var unread: OwnAnswer {
        var answer = self
        answer.fields[.cacheControl] = "no-store"
        answer.fields[.xContentTypeOptions] = "nosniff"
        answer.fields[.requestID] = Passage.newRequestID()
        return answer
    }
}

/// Counts and times requests by method, route and status, with each series looked up once.
final class RequestMeters: Sendable {
    /// Methods are the clients' to make up: beyond so many series they are looked up anew.
    private static let mostKnown = 512

    private struct Key: Hashable {
        let method: String
        let template: String
        let status: Int
    }

    private struct Meters {
        let counter: Counter
        let timer: CoreMetrics.Timer
    }

    private let factory: any MetricsFactory
    private let known = Mutex<[Key: Meters]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
    }

    func record(_ method: String, _ template: String, _ status: Int, _ duration: Duration) {
        let key = Key(method: template == "-" ? "-" : method, template: template, status: status)
        let meters = known.withLock { known in
            if let meters = known[key] { return meters }
            let route = [("method", key.method), ("route", template)]
            let meters = Meters(
                counter: Counter(
                    label: "attache_requests_total",
                    dimensions: route + [("status", "\(status)")],
                    factory: factory
                ),
                timer: CoreMetrics.Timer(label: "attache_request_seconds", dimensions: route, factory: factory)
            )
            if known.count >= Self.mostKnown { known = [:] }
            known[key] = meters
            return meters
        }
        meters.counter.increment()
        let (seconds, attoseconds) = duration.components
        meters.timer.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
