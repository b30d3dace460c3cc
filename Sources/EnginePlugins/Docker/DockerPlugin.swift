// SPDX-License-Identifier: Apache-2.0

package import APIClient
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import NIOFoundationCompat
internal import UnixSockets

/// A plugin of docker: secrets for services of Swarm, volumes whose files are an agent's values, and a policy.
///
/// docker's plugin protocol, version 1.2: a POST with JSON for each call, over a Unix socket that only root's dockerd can
/// reach. What goes wrong is in the answer's `Err`, which docker shows.
package struct DockerPlugin: Sendable {
    private static let contentType = "application/vnd.docker.plugins.v1.2+json"
    /// What docker sends at most: a request of its API, in base64 (authz), which it cuts at 1 MiB.
    private static let maximumBody = 4 << 20
    private static let pace = Duration.seconds(2)

    private let path: String
    private let server: APIClient
    private let volumes: SecretVolumes
    private let policy: ContainerPolicy
    private let explain: @Sendable (any Error) -> String
    private let report: @Sendable (String) -> Void
    private let onListening: @Sendable () -> Void

    package init(
        at path: String,
        server: APIClient,
        volumes: SecretVolumes,
        policy: ContainerPolicy,
        explain: @escaping @Sendable (any Error) -> String,
        report: @escaping @Sendable (String) -> Void,
        onListening: @escaping @Sendable () -> Void
    ) {
        self.path = path
        self.server = server
        self.volumes = volumes
        self.policy = policy
        self.explain = explain
        self.report = report
        self.onListening = onListening
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// What is mounted stays, for the containers that have it.
    package func serve() async throws {
        let file = SocketFile(path: path, mode: 0o600)
        try await PluginError.naming(path) { try file.prepare() }
        let application = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in await respond(to: request) },
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path)),
            onServerRunning: { [onListening] _ in
                file.applyMode()
                onListening()
            },
            logger: Logger(label: "attache") { _ in SwiftLogNoOpLogHandler() }
        )
        try await runUntilTold {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await PluginError.naming(path) { try await application.run() } }
                group.addTask { await keepVolumesCurrent() }
                // The one that ends first is the application, when it is told to stop.
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private func keepVolumesCurrent() async {
        var told: [String] = []
        while !Task.isCancelled {
            let problems = await volumes.refresh()
            for problem in problems where !told.contains(problem) { report(problem) }
            told = problems
            try? await Task.sleep(for: Self.pace)
        }
    }

    // MARK: - Calls

    private func respond(to request: Request) async -> Response {
        guard request.method == .post else { return Response(status: .methodNotAllowed) }
        do {
            let body = try await request.body.collect(upTo: Self.maximumBody)
            switch request.uri.path {
            case "/Plugin.Activate": return try Self.answer(ActivationBody())
            case "/SecretProvider.GetSecret":
                return try Self.answer(await secret(Self.read(SecretRequest.self, body)))
            case "/AuthZPlugin.AuthZReq":
                return try Self.answer(authorization(Self.read(AuthorizationRequest.self, body)))
            case "/AuthZPlugin.AuthZRes": return try Self.answer(AuthorizationAnswer(isAllowed: true, message: ""))
            case let path where path.hasPrefix("/VolumeDriver."):
                guard let call = VolumeCall(rawValue: String(path.dropFirst("/VolumeDriver.".count))) else {
                    return Response(status: .notFound)
                }
                return try Self.answer(await volume(call, Self.read(VolumeRequest.self, body)))
            default: return Response(status: .notFound)
            }
        } catch is DecodingError {
            return Response(status: .badRequest)
        } catch {
            return Response(status: .contentTooLarge)
        }
    }

    private enum VolumeCall: String {
        case create = "Create"
        case remove = "Remove"
        case mount = "Mount"
        case unmount = "Unmount"
        case path = "Path"
        case get = "Get"
        case list = "List"
        case capabilities = "Capabilities"
    }

    private func volume(_ call: VolumeCall, _ request: VolumeRequest) async -> VolumeAnswer {
        let name = request.name ?? ""
        var answer = VolumeAnswer()
        do throws(SecretVolumeError) {
            switch call {
            case .create: try await volumes.create(name, options: request.options ?? [:])
            case .remove: try await volumes.remove(name)
            case .mount: answer.mountpoint = try await volumes.mount(name, for: request.id ?? "")
            case .unmount: try await volumes.unmount(name, for: request.id ?? "")
            case .path: answer.mountpoint = try await volumes.body(of: name).mountpoint
            case .get: answer.volume = try await volumes.body(of: name)
            case .list: answer.volumes = await volumes.bodies
            case .capabilities: answer.capabilities = ["Scope": "local"]
            }
        } catch {
            if case .refused(let text) = error { answer = VolumeAnswer(error: text) }
        }
        if !answer.error.isEmpty, call != .get, call != .path { report("volume \(name): \(answer.error)") }
        return answer
    }

    private func secret(_ request: SecretRequest) async -> SecretAnswer {
        guard let agent = request.agent else {
            return refused(
                request,
                "the service has no label \(SecretRequest.agentLabel), or the secret's names another agent"
            )
        }
        let values: AgentValues
        do {
            values = try await AgentValues(of: agent, for: "docker", from: server)
        } catch {
            return refused(request, explain(error))
        }
        guard let value = values.withValue(request.entry, { Data($0) }) else {
            return refused(request, "nothing of the name \(request.entry) is attached to the agent \(agent)")
        }
        return SecretAnswer(value: value)
    }

    private func refused(_ request: SecretRequest, _ reason: String) -> SecretAnswer {
        report("secret \(request.secretName): \(reason)")
        return SecretAnswer(error: reason)
    }

    private func authorization(_ request: AuthorizationRequest) -> AuthorizationAnswer {
        let objection = policy.objection(method: request.method, uri: request.uri, body: request.body.map { Array($0) })
        if let objection { report("\(request.method) refused: \(objection)") }
        return AuthorizationAnswer(isAllowed: objection == nil, message: objection ?? "")
    }

    // MARK: - Bodies

    /// An empty body is an object without members: docker sends none where it has nothing to say.
    private static func read<Body: Decodable>(_ type: Body.Type, _ body: ByteBuffer) throws -> Body {
        let data = body.readableBytes == 0 ? Data("{}".utf8) : Data(body.readableBytesView)
        return try JSONDecoder().decode(Body.self, from: data)
    }

    private static func answer(_ body: some Encodable) throws -> Response {
        let data = try JSONEncoder().encode(body)
        return Response(
            status: .ok,
            headers: [.contentType: contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data))
        )
    }
}
