// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
package import Logging
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import NIOSSL
package import ServiceLifecycle
package import VaultCore

/// Where a listener listens.
package enum ListeningPlace: Equatable, Sendable {
    case socket(path: String)
    case network(host: String, port: Int)

    fileprivate var address: BindAddress {
        switch self {
        case .socket(let path): .unixDomainSocket(path: path)
        case .network(let host, let port): .hostname(host, port: port)
        }
    }
}

/// Everything that the vault offers over HTTP, a set of routes for each listener.
package struct HTTPSurface: Sendable {
    private let vault: Vault
    private let backups: BackupStore
    private let logger: Logger
    private let limits: RequestLimits
    private let metrics: MetricsRegistry
    private let forwarding: (any Forwarding)?
    private let post: any InvitationPost

    private static let mostHeaderBytes = 16 << 10
    private static let mostHeaderListBytes = 32 << 10
    private static let mostHeaders = 100
    private static let idle: TimeAmount = .seconds(120)

    private static let streamLimits = StreamLimits(
        idle: idle,
        fieldBytes: mostHeaderBytes,
        headerBytes: mostHeaderListBytes,
        fields: mostHeaders
    )

    /// `metrics` gets what requests measure, and is what `/metrics` shows.
    ///
    /// `forwarding` is served on every listener; without it nothing is forwarded. Without `post` invitations are handed
    /// over by their makers.
    package init(
        vault: Vault,
        backups: BackupStore,
        limits: LimitSettings = LimitSettings(),
        logger: Logger,
        metrics: MetricsRegistry = MetricsRegistry(),
        forwarding: (any Forwarding)? = nil,
        post: (any InvitationPost)? = nil
    ) {
        self.forwarding = forwarding
        self.post = post ?? NoPost()
        self.metrics = metrics
        self.vault = vault
        self.backups = backups
        self.limits = RequestLimits(limits)
        self.logger = logger
    }

    /// What is served on `listener`: on the agents' socket starts, what hangs on them, the proxy, and nothing else.
    package func dispatcher(for listener: Listener) -> Dispatcher {
        let identity = Identity(vault: vault, listener: listener, limits: limits)
        let starts = StartRoutes(
            vault: vault,
            takesContainers: listener == .agentSocket,
            limits: listener == .tcp ? limits : nil
        ).routes
        switch listener {
        case .agentSocket:
            return Dispatcher(
                routes: starts,
                namesMethods: false,
                logger: logger,
                metrics: metrics,
                forwarding: forwarding
            )
        case .operatorSocket, .tcp:
            var routes = starts + SecretRoutes(vault: vault, identity: identity).routes
            routes += CredentialRoutes(vault: vault, identity: identity, forwarding: forwarding).routes
            routes += AgentRoutes(vault: vault, identity: identity).routes
            routes += WorkspaceRoutes(vault: vault, identity: identity).routes
            routes += AccountRoutes(vault: vault, identity: identity).routes
            routes += TeamRoutes(vault: vault, identity: identity, post: post).routes
            routes += AuditRoutes(vault: vault, identity: identity).routes
            routes += MetricsRoutes(vault: vault, registry: metrics, identity: identity).routes
            routes += HealthRoutes(vault: vault).routes
            if listener == .operatorSocket {
                // What concerns the whole server.
                routes += KeyRoutes(vault: vault, identity: identity).routes
                routes += ContainerRoutes(vault: vault, identity: identity).routes
                routes += BackupRoutes(backups: backups, identity: identity).routes
            }
            return Dispatcher(
                routes: routes,
                limits: listener == .tcp ? limits : nil,
                logger: logger,
                metrics: metrics,
                forwarding: forwarding
            )
        }
    }

    /// A service that answers what comes to `listener` at `place`; `onRunning` is told the bound channel.
    ///
    /// The agents' socket is served by one event loop, which accepts, reads, opens values and writes: a start is one short
    /// connection, and handing it from thread to thread would take as long as the start itself.
    package func service(
        for listener: Listener,
        at place: ListeningPlace,
        tls: TLSConfiguration? = nil,
        onRunning: @escaping @Sendable (any Channel) async -> Void
    ) throws -> any Service {
        let loops = MultiThreadedEventLoopGroup.singleton
        switch listener {
        case .agentSocket:
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = Self.mostHeaderBytes
            limits.maxHeaderListSize = Self.mostHeaderListBytes
            limits.maxHeaderFieldCount = Self.mostHeaders
            return WholeRequestServer(
                dispatcher: dispatcher(for: listener),
                place: place,
                limits: limits,
                eventLoop: loops.next(),
                logger: frameworkLogger,
                onRunning: onRunning
            )
        case .operatorSocket, .tcp:
            // One loop accepts, reads and writes on the operator's socket, too: what comes there is short, and what is long
            // waits for the store, which has threads of its own.
            let loops: any EventLoopGroup = listener == .operatorSocket ? loops.next() : loops
            return try application(for: listener, at: place.address, tls: tls, on: loops, onRunning: onRunning)
        }
    }

    /// An application that serves `listener` at `address`; `onRunning` is told the bound channel.
    package func application(
        for listener: Listener,
        at address: BindAddress,
        tls: TLSConfiguration? = nil,
        on eventLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        onRunning: @escaping @Sendable (any Channel) async -> Void
    ) throws -> some ApplicationProtocol {
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: listener == .operatorSocket
                ? [PeerOfConnection(), ContinueAnswer(), DepartureOfPeer(), MalformedRequestAnswer()]
                : [ContinueAnswer(), DepartureOfPeer(), MalformedRequestAnswer()],
            idleTimeout: Self.idle,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Self.mostHeaderBytes,
                maxHeaderListSize: Self.mostHeaderListBytes,
                maxHeaderFieldCount: Self.mostHeaders
            )
        )
        let dispatcher = dispatcher(for: listener)
        let dates = DateField()
        let hasTLS = tls != nil
        let http = HTTPServerBuilder { responder in
            let channel = HTTP1Channel(responder: responder, configuration: configuration)
            let gated = GatedChannel(
                base: channel,
                dispatcher: dispatcher,
                dates: listener == .operatorSocket ? dates : nil
            )
            guard hasTLS else { return LoopBoundChannel(base: gated) }
            return LoopBoundChannel(
                base: NegotiatedChannel(http1: gated, dispatcher: dispatcher, dates: dates, limits: Self.streamLimits)
            )
        }
        var tls = tls
        tls?.applicationProtocols = ["h2", "http/1.1"]
        return Application(
            responder: dispatcher,
            server: try tls.map { try .tls(http, tlsConfiguration: $0) } ?? http,
            configuration: ApplicationConfiguration(address: address, backlog: 1_024),
            onServerRunning: onRunning,
            eventLoopGroupProvider: .shared(eventLoops),
            logger: frameworkLogger
        )
    }

    /// What the framework says below a warning, such as where it listens, the server says itself.
    private var frameworkLogger: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
