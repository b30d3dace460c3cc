// SPDX-License-Identifier: Apache-2.0

/// One method of one path: what it takes, what it answers and where it is served.
///
/// The one description of the API: requests are routed by it, `/openapi.json` is generated from it, and the tests walk
/// it.
package struct Endpoint: Sendable {
    package let operation: Operation
    package let method: Method
    /// The path, with `{name}` for a segment that the client chooses.
    package let path: String
    package let summary: String
    package let access: Access
    package let listeners: Set<Listener>
    /// Of the query and the header; those of the path follow from ``path``.
    package let parameters: [Parameter]
    package let body: RequestContent?
    package let answer: Answer
    /// Every code that an error of this endpoint may carry.
    package let errors: Set<ErrorCode>

    init(
        _ operation: Operation,
        _ method: Method,
        _ path: String,
        _ summary: String,
        access: Access = .workspace,
        listeners: Set<Listener> = [.operatorSocket, .tcp],
        parameters: [Parameter] = [],
        body: RequestContent? = nil,
        answer: Answer,
        errors: Set<ErrorCode> = []
    ) {
        self.operation = operation
        self.method = method
        self.path = path
        self.summary = summary
        self.access = access
        self.listeners = listeners
        self.parameters = parameters
        self.body = body
        self.answer = answer
        self.errors = errors.union(access.errors).union(body?.errors ?? []).union(parameters.flatMap(\.errors))
    }

    /// The segments of ``path``.
    package var segments: [Segment] {
        path.split(separator: "/").map { text in
            guard text.first == "{", text.last == "}" else { return .literal(String(text)) }
            return .parameter(String(text.dropFirst().dropLast()))
        }
    }
}

extension Endpoint {
    package enum Method: String, CaseIterable, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package enum Segment: Hashable, Sendable {
        case literal(String)
        case parameter(String)
    }

    /// Who may ask.
    package enum Access: Sendable {
        /// Anybody who reaches the listener.
        case anybody
        /// Who proves it by what the body holds: a password, or an invitation.
        case proof
        /// The operator of the machine, a person who has logged in, or the holder of a workspace key.
        case workspace
        /// The holder of a gateway token.
        case gateway
    }

    /// What a request's body consists of.
    package enum RequestContent: Sendable {
        case json(Component)
        /// A JSON body that may be left out.
        case optionalJSON(Component)
        /// The bytes of a `.env` file or an archive, or a form of several files.
        case file
    }

    /// What a success consists of.
    package struct Answer: Sendable {
        package enum Content: Sendable {
            case none
            case json(Component)
            /// A JSON object a line.
            case lines(Component)
            /// Plain text.
            case text
            /// A document that describes itself.
            case document
            /// `NAME=value` and a NUL, repeated.
            case environment
        }

        package var status: Int
        /// Another status that is a success as well, with the same content.
        package var otherStatus: Int?
        package var description: String
        package var content: Content
        /// Headers beyond those of every answer, with what they hold.
        package var headers: [String: String] = [:]
    }
}

/// Where the server listens.
package enum Listener: String, CaseIterable, Sendable {
    /// The Unix socket whose peers are known by their credentials.
    case operatorSocket = "operator's socket"
    /// The Unix socket that containers see.
    case agentSocket = "agents' socket"
    case tcp = "TCP"
}

extension Endpoint {
    /// Every endpoint of the server.
    package static let all =
        secrets + credentials + agents + starts + workspace + people + audit + keys + backups + containers
        + server
}
