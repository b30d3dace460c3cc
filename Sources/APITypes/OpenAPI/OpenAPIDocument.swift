// SPDX-License-Identifier: Apache-2.0

/// The description of the API in the form of OpenAPI 3.1, generated from ``Endpoint/all``.
package enum OpenAPIDocument {
    package static let json: JSONValue = [
        "openapi": "3.1.0",
        "info": [
            "title": "Attaché",
            "version": "1",
            "summary": "Keeps secrets for agents and hands each agent exactly what was attached to it.",
            "description": .string(introduction),
            "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
        ],
        "servers": [["url": "/"]],
        "paths": .object(paths),
        "components": [
            "schemas": .object(
                Dictionary(Component.allCases.map { ($0.rawValue, $0.schema.json) }) { $1 }
            ),
            "headers": .object(commonHeaders.mapValues { header($0) }),
            "securitySchemes": [
                "workspaceKey": [
                    "type": "http", "scheme": "bearer",
                    "description":
                        "A workspace key `ak_ws_…`, or the token `ses_…` of a login. The operator's socket needs none.",
                ],
                "gatewayToken": [
                    "type": "http", "scheme": "bearer",
                    "description": "An agent's gateway token `gwt_…`.",
                ],
            ],
        ],
    ]

    private static let introduction = """
        Every answer that is not a success has the body `Error`; its `code` is for programs and decides the status. \
        Members that a request may not have are refused. Other workspaces' ids answer as if they did not exist. \
        A path is taken as it is written: an empty segment, `.` or `..`, or an encoded `/` is 404.
        """

    private static let commonHeaders = [
        "X-Request-Id":
            "The id of the request, in the server's log and audit trail: the client's own, or one made for it.",
        "Attache-Error": "The `code` of the error.",
        "WWW-Authenticate": "`Bearer`.",
        "Retry-After": "Seconds after which the request may succeed.",
    ]

    private static func header(_ description: String) -> JSONValue {
        ["description": .string(description), "schema": Schema.string().json]
    }

    private static func headers(_ names: [String]) -> [String: JSONValue] {
        Dictionary(names.map { ($0, ["$ref": .string("#/components/headers/\($0)")]) }) { $1 }
    }

    private static var paths: [String: JSONValue] {
        Dictionary(grouping: Endpoint.all, by: \.path).mapValues { endpoints in
            var item: [String: JSONValue] = [:]
            for endpoint in endpoints { item[endpoint.method.rawValue.lowercased()] = operation(endpoint) }
            return .object(item)
        }
    }

    private static func operation(_ endpoint: Endpoint) -> JSONValue {
        var operation: JSONValue = [
            "operationId": .string(endpoint.operation.rawValue),
            "summary": .string(endpoint.summary),
            "tags": [.string(tag(of: endpoint))],
            "responses": .object(responses(endpoint)),
            "x-listeners": .array(
                Listener.allCases.filter(endpoint.listeners.contains).map { .string($0.rawValue) }
            ),
        ]
        let named = endpoint.segments.compactMap { segment -> Parameter? in
            guard case .parameter(let name) = segment else { return nil }
            return .path(name)
        }
        let parameters = named + endpoint.parameters + [requestID]
        operation.set("parameters", .array(parameters.map(parameter)))
        operation.set("requestBody", endpoint.body.map(requestBody))
        operation.set("security", security(endpoint.access))
        return operation
    }

    private static let requestID = Parameter.header(
        "X-Request-Id",
        .string(),
        "An id of the client's own, 1 to 64 letters, digits, `-` or `_`; any other is replaced by one made for it."
    )

    /// The first segment that says what the endpoint is about.
    private static func tag(of endpoint: Endpoint) -> String {
        let literals = endpoint.path.split(separator: "/")
        return literals.count > 2 ? String(literals[2]) : "server"
    }

    private static func security(_ access: Endpoint.Access) -> JSONValue {
        switch access {
        case .anybody, .proof: []
        case .workspace: [["workspaceKey": []]]
        case .gateway: [["gatewayToken": []]]
        }
    }

    private static func parameter(_ parameter: Parameter) -> JSONValue {
        var json: JSONValue = [
            "name": .string(parameter.name),
            "in": .string(parameter.place.rawValue),
            "description": .string(parameter.description),
            "required": .boolean(parameter.isRequired),
            "schema": parameter.schema.json,
        ]
        if parameter.isRepeated {
            json.set("style", "form")
            json.set("explode", true)
        }
        return json
    }

    private static func requestBody(_ content: Endpoint.RequestContent) -> JSONValue {
        let schema: Schema
        let isRequired: Bool
        switch content {
        case .json(let component): (schema, isRequired) = (.reference(component), true)
        case .optionalJSON(let component): (schema, isRequired) = (.reference(component), false)
        case .file: (schema, isRequired) = (.bytes, true)
        }
        let media = content.mediaTypes.map { type in
            (type, JSONValue.object(["schema": type == "multipart/form-data" ? Schema.importForm.json : schema.json]))
        }
        return ["required": .boolean(isRequired), "content": .object(Dictionary(media) { $1 })]
    }

    private static func responses(_ endpoint: Endpoint) -> [String: JSONValue] {
        var responses = Dictionary(grouping: endpoint.errors, by: \.status).reduce(into: [String: JSONValue]()) {
            $0[String($1.key)] = refusal($1.key, codes: $1.value)
        }
        let success = success(endpoint.answer)
        responses[String(endpoint.answer.status)] = success
        if let other = endpoint.answer.otherStatus { responses[String(other)] = success }
        return responses
    }

    private static func success(_ answer: Endpoint.Answer) -> JSONValue {
        var headers = headers(["X-Request-Id"])
        for (name, description) in answer.headers { headers[name] = header(description) }
        var response: JSONValue = ["description": .string(answer.description), "headers": .object(headers)]
        switch answer.content {
        case .none: break
        case .json(let component):
            response.set("content", ["application/json": ["schema": Schema.reference(component).json]])
        case .lines(let component):
            response.set("content", ["application/x-ndjson": ["schema": Schema.reference(component).json]])
        case .text:
            response.set("content", ["text/plain": ["schema": Schema.string().json]])
        case .document:
            response.set("content", ["application/json": ["schema": ["type": "object"]]])
        case .environment:
            response.set("content", ["application/vnd.attache.environment": ["schema": Schema.bytes.json]])
        }
        return response
    }

    private static func refusal(_ status: Int, codes: [ErrorCode]) -> JSONValue {
        var names = ["X-Request-Id", "Attache-Error"]
        if status == 401 { names.append("WWW-Authenticate") }
        if status == 503 { names.append("Retry-After") }
        let list = codes.map { "`\($0.rawValue)`" }.sorted().joined(separator: ", ")
        return [
            "description": .string("Refused: \(list)."),
            "headers": .object(headers(names)),
            "content": ["application/json": ["schema": Schema.reference(.error).json]],
        ]
    }
}
