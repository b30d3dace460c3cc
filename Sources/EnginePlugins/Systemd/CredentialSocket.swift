// SPDX-License-Identifier: Apache-2.0

package import APIClient
internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import UnixSockets

/// The socket that systemd reads credentials from: it connects, and what it reads to the end is the value.
///
/// The protocol has no error. systemd fails a unit whose credential is longer than 1 MiB, so that is what it gets where
/// there is no value: nothing at all would be taken for an empty one.
package struct CredentialSocket: Sendable {
    /// One byte more than systemd takes, encrypted ones included (`CREDENTIAL_ENCRYPTED_SIZE_MAX`: 1 MiB + 128 KiB).
    package static let refusalBytes = (1 << 20) + (128 << 10) + 1

    private static let longestExchange = TimeAmount.seconds(60)

    private let place: Place
    private let server: APIClient
    private let explain: @Sendable (any Error) -> String
    private let report: @Sendable (String) -> Void
    private let onListening: @Sendable () -> Void

    /// Where the socket is.
    package enum Place: Equatable, Sendable {
        case path(String)
        /// One that the service manager has bound and handed over (sd_listen_fds(3)).
        case inherited(CInt)

        /// The first socket that this process was handed; nil where it was handed none.
        package static func inherited(environment: [String: String], pid: Int32 = getpid()) -> Place? {
            guard environment["LISTEN_PID"] == String(pid), let count = environment["LISTEN_FDS"].flatMap(Int.init),
                count > 0
            else { return nil }
            return .inherited(3)
        }
    }

    /// `explain` says an error of the server's in words; `report` gets a line for each credential that was refused.
    package init(
        at place: Place,
        server: APIClient,
        explain: @escaping @Sendable (any Error) -> String,
        report: @escaping @Sendable (String) -> Void,
        onListening: @escaping @Sendable () -> Void
    ) {
        self.place = place
        self.server = server
        self.explain = explain
        self.report = report
        self.onListening = onListening
    }

    /// Serves until SIGTERM or SIGINT, and lets the answers under way finish.
    package func serve() async throws {
        try await runUntilTold { try await run() }
    }

    private func run() async throws {
        let listening = try await listen()
        onListening()
        try await listening.executeThenClose { connections in
            await withDiscardingTaskGroup { group in
                do {
                    for try await channel in connections.cancelOnGracefulShutdown() {
                        group.addTask { await answer(channel) }
                    }
                } catch {
                    report("no more connections are taken: \(type(of: error))")
                }
            }
        }
    }

    private func listen() async throws -> NIOAsyncChannel<any Channel, Never> {
        switch place {
        case .inherited(let descriptor):
            return try await PluginError.naming("the socket of systemd") {
                try await Self.bootstrap.bind(descriptor) { $0.eventLoop.makeSucceededFuture($0) }
            }
        case .path(let path):
            return try await PluginError.naming(path) {
                let file = SocketFile(path: path, mode: 0o600)
                try file.prepare()
                let channel = try await Self.bootstrap.bind(unixDomainSocketPath: path) {
                    $0.eventLoop.makeSucceededFuture($0)
                }
                file.applyMode()
                return channel
            }
        }
    }

    private static var bootstrap: ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // systemd writes nothing and says so at once (shutdown(2)).
            .childChannelOption(.allowRemoteHalfClosure, value: true)
    }

    private func answer(_ channel: any Channel) async {
        let timeout = channel.eventLoop.scheduleTask(in: Self.longestExchange) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        var answer: ByteBuffer
        do {
            answer = try await value(for: channel)
        } catch {
            answer = ByteBuffer(repeating: 0, count: Self.refusalBytes)
        }
        // Told when the kernel has all of it; a peer that has gone needs nothing.
        try? await channel.writeAndFlush(answer).get()
        try? await channel.close().get()
    }

    /// The value that is asked for, from the server; throws when the reason has been reported.
    private func value(for channel: any Channel) async throws(Refused) -> ByteBuffer {
        guard case .unixDomainSocket(let name)? = channel.remoteAddress else { throw refused("no name") }
        var address = name.address
        let bytes = withUnsafeBytes(of: &address.sun_path) { path in
            [0] + path.dropFirst().prefix { $0 != 0 }.filter { _ in path.first == 0 }
        }
        guard let wanted = UnitCredential(socketName: bytes) else {
            throw refused("a connection that does not come from systemd")
        }
        let subject = "\(wanted.unit): \(wanted.credential)"
        guard let peer = await UnitProcess.peer(of: channel), peer.belongs(to: wanted.unit) else {
            throw refused("\(subject): who asks is not of the unit")
        }
        let values: AgentValues
        do {
            values = try await AgentValues(of: wanted.agent, for: "systemd", from: server)
        } catch {
            throw refused("\(subject): \(explain(error))")
        }
        guard let value = values.withValue(wanted.entry, { ByteBuffer(bytes: $0) }) else {
            throw refused("\(subject): nothing of that name is attached to the agent \(wanted.agent)")
        }
        return value
    }

    private func refused(_ reason: String) -> Refused {
        report(reason)
        return Refused()
    }

    private struct Refused: Error {}
}
