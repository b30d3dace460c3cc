// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import HTTPTypes
internal import ProxyRules
internal import VaultCore

/// What a request to the proxy asks for, before anything was looked up.
struct ProxyRoute {
    let token: [UInt8]
    let method: String
    /// Named in `X-Credential-Name` or in the path.
    let credentialName: String?
    private let place: Place
    /// What is wrong with the rest, which only somebody whose token was accepted is told.
    private let problem: ProxyError?

    enum Place: Hashable {
        /// `/v1/proxy`: the target's URL is in a header.
        case url(String)
        /// `/v1/via/{credential}/…`: the rest of the path, with its query.
        case path(String)
    }

    static let proxyPath = "/v1/proxy"
    static let viaPath = "/v1/via/"

    /// Whether the proxy answers requests for `path`.
    static func takes(_ path: String) -> Bool {
        path.hasPrefix(viaPath) || path == proxyPath || path.hasPrefix("\(proxyPath)?")
    }

    init(_ request: ProxyRequest) throws(ProxyError) {
        let fields = request.fields
        let wanted = fields.contains(Self.targetMethod) ? fields[values: Self.targetMethod] : []
        let method = wanted.count > 1 ? nil : HTTPMethodName(wanted.first?.uppercased() ?? request.method)
        self.method = method?.text ?? request.method
        if request.path.hasPrefix(Self.viaPath) {
            let rest = request.path.utf8.dropFirst(Self.viaPath.utf8.count)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            guard let name = Self.decoded(request.path[rest.startIndex..<end]), !name.isEmpty else {
                throw .credentialMissing
            }
            credentialName = name
            var path = String(request.path[end...])
            guard let token = Self.token(in: fields, &path) else { throw .vault(.token(.missing)) }
            self.token = token
            place = .path(path)
            problem = method == nil ? .methodInvalid : nil
        } else {
            guard let token = try Self.bearer(fields) else { throw .vault(.token(.missing)) }
            self.token = token
            let names = fields[values: Self.credentialName]
            if token.starts(with: "pxr_".utf8) {
                // It names its credential itself.
                credentialName = nil
            } else {
                guard names.count == 1 else { throw .credentialMissing }
                credentialName = names[0]
            }
            let targets = fields[values: Self.targetURL]
            place = .url(targets.first ?? "")
            problem = method == nil ? .methodInvalid : targets.count == 1 ? nil : .targetMissing
        }
    }

    /// The target's URL, read once; everything that follows works on what it returns.
    func target(of grant: ProxyGrant) throws(ProxyError) -> GrantedTarget {
        if let problem { throw problem }
        return try KnownTargets.of(grant).target(at: place, of: grant)
    }

    /// Nil where what is escaped is no text.
    private static func decoded(_ name: Substring) -> String? {
        name.utf8.contains(UInt8(ascii: "%")) ? name.removingPercentEncoding : String(name)
    }

    private static func bearer(_ fields: HTTPFields) throws(ProxyError) -> [UInt8]? {
        let values = fields[values: .authorization]
        guard let value = values.first else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard values.count == 1, parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw .vault(.token(.unknown))
        }
        return Array(parts[1].utf8)
    }

    /// The token where an SDK puts its key: a bearer token, a key's own field, a part of basic authentication, or a
    /// parameter of the query, out of which it is taken.
    private static func token(in fields: HTTPFields, _ path: inout String) -> [UInt8]? {
        for field in fields {
            var value = field.value
            if HeaderRules.holdsToken(value) {
                return value.withUTF8 { bytes in
                    let start = bytes.lastIndex(of: UInt8(ascii: " ")).map { $0 + 1 } ?? 0
                    return Array(UnsafeBufferPointer(rebasing: bytes[start...]))
                }
            }
            guard field.name == .authorization, value.lowercased().hasPrefix("basic "),
                let decoded = Data(base64Encoded: value.dropFirst(6).trimmingCharacters(in: .whitespaces))
            else { continue }
            for part in decoded.split(separator: UInt8(ascii: ":"))
            where HeaderRules.holdsToken(String(decoding: part, as: UTF8.self)) {
                return Array(part)
            }
        }
        guard let mark = path.firstIndex(of: "?") else { return nil }
        var pairs = path[path.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        guard let index = pairs.firstIndex(where: { HeaderRules.holdsToken(String($0)) }),
            let value = pairs[index].split(separator: "=", maxSplits: 1).last
        else { return nil }
        let token = Array(value.utf8)
        pairs.remove(at: index)
        path = String(path[..<mark]) + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
        return token
    }

    // The names are literals of token characters, which is all that the initializer checks.
    private static let targetURL = HTTPField.Name("X-Target-Url") ?? .via
    private static let targetMethod = HTTPField.Name("X-Target-Method") ?? .via
    private static let credentialName = HTTPField.Name("X-Credential-Name") ?? .via
}

/// Whether the proxy answers requests for `path`, the query included.
package func proxyTakes(_ path: String) -> Bool { ProxyRoute.takes(path) }
