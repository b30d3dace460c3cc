// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import AsyncHTTPClient
internal import FoundationEssentials
internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

extension APIClientError {
    /// What the server said instead of a result.
    init(status: Int, body: ByteBuffer) {
        let data = Data(body.readableBytesView)
        if let known = try? JSONDecoder().decode(ErrorBody.self, from: data) {
            self = .answer(known)
        } else if let unknown = try? JSONDecoder().decode(UnfamiliarErrorBody.self, from: data) {
            self = .unfamiliarAnswer(status: status, code: unknown.code, error: unknown.error, hint: unknown.hint)
        } else {
            self = .protocolError("the answer has status \(status) and is not one of this API")
        }
    }

    /// What the transport reports; its own texts stay inside, since they may quote what was sent.
    init(_ error: any Error, at address: ServerAddress) {
        switch error {
        case let error as HTTPClientError: self.init(error, at: address)
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first {
                self.init(first.error, at: address)
            } else {
                self = .unreachable(address, .unknownHost)
            }
        case let error as IOError: self = .unreachable(address, UnreachableReason(errno: error.errnoCode))
        case is SocketAddressError: self = .unreachable(address, .unknownHost)
        case NIOSSLError.handshakeFailed, is NIOSSLExtraError: self = .untrusted(address)
        case is ChannelError: self = .unreachable(address, .connectionClosed)
        case is NIOTooManyBytesError: self = .protocolError("the answer is longer than any of this API")
        default: self = .protocolError("the connection does not carry HTTP")
        }
    }

    private init(_ error: HTTPClientError, at address: ServerAddress) {
        switch error {
        case .connectTimeout: self = .unreachable(address, .noAnswerToConnect)
        case .remoteConnectionClosed, .uncleanShutdown: self = .unreachable(address, .connectionClosed)
        case .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
            self = .timedOut(address)
        default: self = .protocolError("the request or its answer is not HTTP")
        }
    }
}

extension UnreachableReason {
    fileprivate init(errno code: Int32) {
        switch code {
        case ENOENT, ENOTDIR: self = .noSuchSocket
        case ECONNREFUSED: self = .nothingListens
        case EACCES, EPERM: self = .permissionDenied
        case ECONNRESET, EPIPE: self = .connectionClosed
        case ETIMEDOUT: self = .noAnswerToConnect
        default: self = .system(errno: code)
        }
    }
}

/// An error of a server that knows more codes than this client.
private struct UnfamiliarErrorBody: Decodable {
    let error: String
    let code: String
    let hint: String?
}
