// SPDX-License-Identifier: Apache-2.0

package import APITypes
package import Logging
package import NIOCore
internal import NIOPosix
package import NIOSSL
package import ServiceLifecycle
package import VaultCore

/// Where a listener listens.
package enum ListeningPlace: Equatable, Sendable {
    case socket(path: String)
    case network(host: String, port: Int)
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
    /// A Unix socket is served by one event loop, which accepts, reads, opens values and writes: what comes there is short, and
    /// handing it from thread to thread would take as long as a start itself. What is long waits for the store, which has
    /// threads of its own.
    package func service(
        for listener: Listener,
        at place: ListeningPlace,
        tls: TLSConfiguration? = nil,
        onRunning: @escaping @Sendable (any Channel) async -> Void
    ) throws -> any Service {
        var tls = tls
        tls?.applicationProtocols = ["h2", "http/1.1"]
        let loops = MultiThreadedEventLoopGroup.singleton
        return HTTPServer(
            listener: listener,
            answers: DatedAnswers(dispatcher(for: listener), logger: frameworkLogger),
            place: place,
            tls: try tls.map { try NIOSSLContext(configuration: $0) },
            limits: ConnectionLimits(),
            eventLoops: listener == .tcp ? loops : loops.next(),
            onRunning: onRunning
        )
    }

    /// What the framework says below a warning, such as where it listens, the server says itself.
    private var frameworkLogger: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
