// SPDX-License-Identifier: Apache-2.0

internal import NIOSSL
internal import Synchronization

/// What is believed of targets over TLS, and which versions of HTTP they are offered.
final class TargetTLS: Sendable {
    private let anyVersion: NIOSSLContext
    private let configuration: TLSConfiguration
    private let kept = Mutex<NIOSSLContext?>(nil)

    /// `file` holds certificates to trust beside the system's; PEM.
    init(trusting file: String?) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let file { configuration.additionalTrustRoots = [.file(file)] }
        configuration.applicationProtocols = ["http/1.1"]
        self.configuration = configuration
        configuration.applicationProtocols = ["h2", "http/1.1"]
        anyVersion = try NIOSSLContext(configuration: configuration)
    }

    /// A WebSocket is opened over HTTP/1.1; what it needs is made when the first one is.
    func context(forWebSocket isWebSocket: Bool) throws(ProxyError) -> NIOSSLContext {
        guard isWebSocket else { return anyVersion }
        do {
            return try kept.withLock { kept in
                let context = try kept ?? NIOSSLContext(configuration: configuration)
                kept = context
                return context
            }
        } catch {
            // The same certificates were read before.
            throw .untrusted
        }
    }
}
