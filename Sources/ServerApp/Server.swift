// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import CKernel
internal import CoreMetrics
internal import CredentialProxy
internal import Foundation
internal import Glibc
internal import HTTPAPI
internal import Hummingbird
internal import Logging
internal import MailDelivery
internal import NIOCore
internal import NIOSSL
internal import Sealing
internal import ServiceLifecycle
internal import Storage
internal import UnixSignals
internal import UnixSockets
internal import VaultCore

/// The server, put together from its parts: the only place that knows all of them.
///
/// `data folder → key → vault → HTTP surface → one application a listener → service group`. A graceful shutdown lets the
/// requests in flight finish, then closes the vault.
package enum Server {
    /// Runs until SIGTERM or SIGINT.
    ///
    /// `announce` gets the lines for whoever started the server: where things are, the first workspace key once, and
    /// `ready` when every listener is bound.
    package static func run(
        _ options: ServeOptions,
        version: String,
        announce: @escaping @Sendable (String) -> Void
    ) async throws(ServeError) {
        _ = ckernel_forbid_core_dumps()
        _ = ckernel_forbid_ptrace()
        // Whoever read what the server announces may have gone.
        signal(SIGPIPE, SIG_IGN)
        // What the server makes is its own, sockets from the moment that they are bound.
        umask(0o077)
        let environment = ProcessInfo.processInfo.environment
        let configuration = try await ServerConfiguration.resolving(
            options,
            environment: environment,
            userID: getuid()
        )
        let logger = makeLogger(configuration.logLevel, configuration.logFormat)
        let metrics = MetricsRegistry()
        MetricsSystem.bootstrap(metrics)
        let folder = try claim(configuration.data)
        let opened = try await open(folder, configuration: configuration, version: version, announce: announce)
        let sockets = [
            (Listener.operatorSocket, SocketFile(path: configuration.socket, mode: 0o600)),
            (Listener.agentSocket, SocketFile(path: configuration.agentSocket, mode: 0o666)),
        ]
        var vault = opened.vault
        vault.settings = configuration.vault
        vault.settings.dataFolder = configuration.data
        let backups = BackupStore(
            in: configuration.backups.folder,
            keep: configuration.backups.keep,
            of: vault
        )
        let postman = try postman(configuration, logger: logger)
        let surface = HTTPSurface(
            vault: vault,
            backups: backups,
            limits: configuration.limits,
            logger: logger,
            metrics: metrics,
            forwarding: ProxySurface(broker: try broker(configuration.proxy, of: vault)),
            post: postman
        )
        let readiness = Readiness(listeners: sockets.count + (configuration.listen == nil ? 0 : 1)) {
            announce("ready")
            ServiceManagerNotice(environment: environment)?.send("READY=1")
        }
        let upkeep = Upkeep(vault: vault, logger: logger, postman: postman)
        do {
            var services: [any Service] = [
                KeyRotation(vault: vault, logger: logger),
                BackupSchedule(store: backups, every: configuration.backups.every, logger: logger),
                upkeep,
                ContainerEnds(vault: vault),
                postman,
            ]
            for (listener, file) in sockets {
                try file.prepare()
                services.append(
                    try surface.service(for: listener, at: .socket(path: file.path)) { _ in
                        file.applyMode()
                        if listener == .agentSocket {
                            do {
                                try file.linkForContainers()
                            } catch {
                                logger.warning(
                                    "containers cannot be given the agents' socket",
                                    metadata: ["path": "\(file.pathForContainers)", "error": "\(error)"]
                                )
                            }
                        }
                        announce("listening \(file.path)")
                        await readiness.listenerIsBound()
                    }
                )
            }
            if let listen = configuration.listen {
                let tls = try configuration.tls.map { try tlsConfiguration($0) }
                let scheme = tls == nil ? "http" : "https"
                services.append(
                    try surface.service(
                        for: .tcp,
                        at: .network(host: listen.host, port: listen.port),
                        tls: tls
                    ) { channel in
                        announce("listening \(scheme)://\(listen.host):\(channel.localAddress?.port ?? listen.port)")
                        await readiness.listenerIsBound()
                    }
                )
            }
            services.append(StoreWatch(engine: opened.engine))
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
                    gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: logger
                )
            ).run()
        } catch let error as SocketFileError {
            throw ServeError(error, configuration: configuration)
        } catch let error as ServeError {
            throw error
        } catch let error as IOError {
            throw .listen(
                "an address cannot be listened on: \(String(cString: strerror(error.errnoCode)))",
                hint: "is another server running? choose another with --listen or --socket"
            )
        } catch {
            throw .listen("the server stopped: \(type(of: error))", hint: nil)
        }
        for (listener, file) in sockets {
            unlink(file.path)
            if listener == .agentSocket { unlink(file.pathForContainers) }
        }
        await upkeep.keepUp(isLast: true)
        try? await opened.engine.close()
        logger.notice("stopped")
    }

    private static func makeLogger(_ level: Logger.Level, _ format: LogFormat) -> Logger {
        let isJSON = format.isJSON(onTerminal: isatty(STDERR_FILENO) == 1)
        var logger = Logger(label: "attache") { label in
            guard isJSON else { return StreamLogHandler.standardError(label: label) }
            return JSONLogHandler { try? FileHandle.standardError.write(contentsOf: $0) }
        }
        logger.logLevel = level
        return logger
    }

    private static func claim(_ path: String) throws(ServeError) -> DataFolder {
        do {
            return try DataFolder(claiming: path)
        } catch {
            throw ServeError(error, path: path)
        }
    }

    private static func open(
        _ folder: DataFolder,
        configuration: ServerConfiguration,
        version: String,
        announce: @Sendable (String) -> Void
    ) async throws(ServeError) -> OpenedVault {
        let file = MasterKeyFile(path: configuration.masterKeyFile)
        let opened: OpenedVault
        let key: MasterKey
        do {
            let expected = try Vault.masterKeyID(of: folder)
            if let found = try file.read() {
                key = found
            } else if let expected {
                throw ServeError.masterKey(
                    "there is no master key at \(file.path); this data was sealed under key \(expected)",
                    hint: "nothing was changed; put the key file back, or say where it is with --master-key-file"
                )
            } else {
                key = try file.create()
                announce("made the master key \(file.path) (id \(key.id)); back it up apart from the data")
            }
            opened = try await Vault.open(folder, under: key, version: version) { (try? file.read())?.id }
        } catch let error as ServeError {
            throw error
        } catch let error as VaultOpeningError {
            throw ServeError(error, path: configuration.data)
        } catch {
            throw .data("the data folder \(configuration.data) cannot be opened", hint: nil)
        }
        announce("data \(configuration.data), master key \(key.id)")
        if let token = opened.workspaceKey {
            announce("first workspace key, shown only now: \(token)")
        }
        return opened
    }

    private static func broker(_ settings: BrokerSettings, of vault: Vault) throws(ServeError) -> Broker {
        do {
            return try Broker(vault: vault, settings: settings)
        } catch {
            throw .configuration(
                "the certificates that the proxy is to trust cannot be read",
                hint: "--proxy-trust is a PEM file that the server's user can read"
            )
        }
    }

    private static func postman(_ configuration: ServerConfiguration, logger: Logger) throws(ServeError) -> Postman {
        do {
            let sender = try configuration.mail.map { server throws(MailError) in try MailSender(server) }
            return Postman(sender: sender, publicURL: configuration.publicURL, logger: logger)
        } catch {
            throw .configuration(
                "the certificates to trust of the mail server cannot be read",
                hint: "ATTACHE_SMTP_TRUST is a PEM file that the server's user can read"
            )
        }
    }

    private static func tlsConfiguration(_ files: ServerConfiguration.TLSFiles) throws(ServeError) -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain,
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            return configuration
        } catch {
            throw .configuration(
                "the TLS certificate or its key cannot be read",
                hint: "both must be PEM files that the server's user can read"
            )
        }
    }
}

/// Ends the server when its store takes no more writes: what is on the disk then is known only by opening it anew.
private struct StoreWatch: Service {
    let engine: SQLiteEngine

    func run() async throws {
        await cancelWhenGracefulShutdown { await engine.waitForFailure() }
        if engine.hasFailed {
            throw ServeError.data(
                "the disk failed while data was being written; what was acknowledged is safe",
                hint: "look for I/O errors in the kernel's log, then start the server again"
            )
        }
    }
}

/// Counts the listeners and says when the last of them is bound.
private actor Readiness {
    private var missing: Int
    private let whenReady: @Sendable () -> Void

    init(listeners: Int, whenReady: @escaping @Sendable () -> Void) {
        missing = listeners
        self.whenReady = whenReady
    }

    func listenerIsBound() {
        missing -= 1
        if missing == 0 { whenReady() }
    }
}
