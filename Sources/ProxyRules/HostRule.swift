// SPDX-License-Identifier: Apache-2.0

/// A place that a credential may go to: `[METHOD,METHOD ][http://]host[:port][/path]`.
///
/// The host is exact, or `*.domain`, which stands for one label and not for the domain itself. Without a port the
/// scheme's own is meant; without `http://` the target is HTTPS. A path is a prefix that ends where a segment ends.
package struct HostRule: Hashable, Sendable, CustomStringConvertible {
    package static let maximumBytes = 512

    /// Empty means every method.
    package let methods: [String]
    package let scheme: TargetURL.Scheme
    /// The exact host; with ``isWildcard``, the domain.
    package let host: TargetHost
    package let isWildcard: Bool
    package let port: UInt16
    /// Begins with `/` and does not end with one; empty for every path.
    package let path: String

    package init(_ text: String) throws(HostRuleError) {
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLong }
        var rest = text[...]
        var methods: [String] = []
        if let blank = rest.firstIndex(of: " ") {
            for method in rest[..<blank].split(separator: ",", omittingEmptySubsequences: false) {
                guard let method = HTTPMethodName(String(method)) else { throw .invalidMethod }
                methods.append(method.text)
            }
            rest = rest[rest.index(after: blank)...]
        }
        var scheme = TargetURL.Scheme.https
        for candidate in [TargetURL.Scheme.https, .http] where rest.lowercased().hasPrefix("\(candidate.rawValue)://") {
            scheme = candidate
            rest = rest.dropFirst(candidate.rawValue.count + 3)
        }
        var isWildcard = false
        if rest.hasPrefix("*.") {
            isWildcard = true
            rest = rest.dropFirst(2)
        }
        // Read as the URL of a target, so that a rule and a target cannot be read differently.
        let url: TargetURL
        do {
            url = try TargetURL("\(scheme.rawValue)://\(rest)")
        } catch {
            throw HostRuleError(error)
        }
        guard url.query == nil, !url.isPathAmbiguous, !url.path.contains("%") else { throw .invalidPath }
        if isWildcard {
            // `*.com` would be everything that anyone can register.
            guard case .name(let name) = url.host, name.contains(".") else { throw .invalidWildcard }
        }
        self.methods = methods
        self.scheme = scheme
        self.isWildcard = isWildcard
        host = url.host
        port = url.port
        var path = url.path
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    /// Whether a request of `method` to `target` is within the rule.
    package func allows(_ target: TargetURL, method: String) -> Bool {
        reaches(target) && (methods.isEmpty || methods.contains(method))
    }

    /// Whether the host, the port and the scheme are the rule's, whatever path and method.
    package func hasPlace(of target: TargetURL) -> Bool {
        guard target.scheme == scheme, target.port == port else { return false }
        guard isWildcard else { return target.host == host }
        guard case .name(let name) = target.host, case .name(let domain) = host, name.hasSuffix(".\(domain)") else {
            return false
        }
        return !name.dropLast(domain.count + 1).contains(".")
    }

    private func reaches(_ target: TargetURL) -> Bool {
        guard hasPlace(of: target) else { return false }
        guard !path.isEmpty else { return true }
        // A path that can be read in two ways is within no prefix.
        guard !target.isPathAmbiguous, target.decodedPath.starts(with: path.utf8) else { return false }
        let next = target.decodedPath.dropFirst(path.utf8.count).first
        return next == nil || next == UInt8(ascii: "/")
    }

    /// The rule's one spelling, which reads back as the same rule.
    package var description: String {
        let methods = methods.isEmpty ? "" : methods.joined(separator: ",") + " "
        let port = port == scheme.defaultPort ? "" : ":\(port)"
        return "\(methods)\(scheme == .http ? "http://" : "")\(isWildcard ? "*." : "")\(host.uriText)\(port)\(path)"
    }
}

/// Why a rule for hosts is refused.
package enum HostRuleError: Error, Equatable, Sendable {
    case tooLong
    case invalidMethod
    case invalidHost
    case invalidPort
    case invalidPath
    /// Not `*.` and a domain of at least two labels.
    case invalidWildcard

    init(_ error: TargetURLError) {
        switch error {
        case .tooLong: self = .tooLong
        case .noScheme, .userInformation, .invalidHost, .forbiddenCharacter: self = .invalidHost
        case .invalidPort: self = .invalidPort
        case .fragment, .dotSegment: self = .invalidPath
        }
    }
}

/// The name of a method that a request may have: upper-case letters, without those that make a tunnel or a mirror.
package struct HTTPMethodName: Hashable, Sendable {
    package let text: String

    package init?(_ text: String) {
        guard (1...32).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || $0 == UInt8(ascii: "-") }),
            // CONNECT leaves HTTP; TRACE answers with what it was sent (RFC 9110 §9.3.8).
            text != "CONNECT", text != "TRACE"
        else { return nil }
        self.text = text
    }
}

/// What a credential's rules say of one request.
package enum HostDecision: Equatable, Sendable {
    case allowed
    /// The credential goes nowhere.
    case noHosts
    case hostNotAllowed
    /// The host is right, the path or the method is not.
    case pathOrMethodNotAllowed

    package init(_ rules: [HostRule], target: TargetURL, method: String) {
        guard !rules.isEmpty else {
            self = .noHosts
            return
        }
        if rules.contains(where: { $0.allows(target, method: method) }) {
            self = .allowed
        } else {
            self = rules.contains { $0.hasPlace(of: target) } ? .pathOrMethodNotAllowed : .hostNotAllowed
        }
    }
}
