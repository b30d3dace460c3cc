// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import AuditTrail
internal import ProviderCatalog
internal import ProxyRules
internal import Storage
internal import VaultModel

/// A credential that is about to be made, checked in every part, with what its provider's entry says filled in.
struct CredentialPlan: Sendable {
    /// As many rules as a credential has at most.
    static let mostHosts = 100

    let name: DisplayName
    let environmentName: EnvironmentName
    let provider: ProviderID?
    let presentation: Presentation
    let hosts: String
    let rotationPriority: Int64
    let response: AnswerPart?
    let value: SharedSecret
    let note: String
    let expiresAt: Timestamp?

    init(_ new: CreateCredentialBody) throws(VaultError) {
        name = try displayName(new.name, field: "name")
        provider = try providerID(new.provider)
        let known = provider.flatMap(Provider.named)
        if let known, known.connections.isEmpty {
            throw .invalidField("provider", reason: "\(known.id) takes no key")
        }
        if provider != nil, known == nil, new.type == nil {
            throw .invalidField("type", reason: "the catalogue has no such provider, so the type has to be said")
        }
        guard let scheme = new.type ?? known?.scheme else {
            throw .invalidField("type", reason: "the type is missing; only a provider of the catalogue implies it")
        }
        // The catalogue's field belongs to the catalogue's scheme.
        let isImplied = scheme == known?.scheme && new.header == nil
        do {
            presentation = try Presentation(
                scheme,
                header: isImplied ? known?.header : new.header,
                prefix: new.prefix ?? (isImplied ? known?.keyIntroduction : nil),
                parameter: new.parameter
            )
        } catch {
            throw VaultError(error)
        }
        hosts = try Self.rules(new.hosts ?? [])
        rotationPriority = try Self.priority(new.rotationPriority ?? 0)
        response = new.response == .full ? nil : new.response
        if let text = new.environmentName {
            environmentName = try VaultCore.environmentName(text, field: "environmentName")
        } else if let known {
            environmentName = try VaultCore.environmentName(known.environmentName, field: "environmentName")
        } else {
            environmentName = try Self.environmentName(of: name)
        }
        guard !environmentName.isReserved else {
            throw .invalidName(field: "environmentName", reason: "no process ever receives a name of ATTACHE_")
        }
        value = try Self.checked(new.value, for: presentation, of: provider, hosts: hosts)
        note = try VaultCore.note(new.note)
        expiresAt = new.expiresAt
    }

    /// Checks a value and returns it as it is sealed.
    ///
    /// `hosts` are the credential's own rules, one a line.
    static func checked(
        _ value: SecretText,
        for presentation: Presentation,
        of provider: ProviderID?,
        hosts: String
    ) throws(VaultError) -> SharedSecret {
        let checked: SharedSecret
        do {
            checked = SharedSecret(try CredentialValue.checked(value.secret.bytes, for: presentation))
        } catch {
            throw VaultError(error)
        }
        guard let known = provider.flatMap(Provider.named), presentation.isKey,
            let mismatch = KeyMismatch(checked.bytes, for: known, hosts: hosts)
        else { return checked }
        throw .keyMismatch(mismatch)
    }

    static func priority(_ number: Int64) throws(VaultError) -> Int64 {
        guard (0...Int64(CredentialPriority.largest)).contains(number) else {
            throw .invalidField("rotationPriority", reason: "0, which is preferred, to 1,000,000")
        }
        return number
    }

    /// Reads rules for hosts and returns them as they are stored: each in its one spelling, one a line.
    static func rules(_ texts: [String]) throws(VaultError) -> String {
        guard texts.count <= mostHosts else {
            throw .invalidField("hosts", reason: "a credential has at most \(mostHosts) rules for hosts")
        }
        var rules: [String] = []
        for text in texts {
            do {
                let rule = try HostRule(text).description
                if !rules.contains(rule) { rules.append(rule) }
            } catch {
                throw .invalidField("hosts", reason: error.reason)
            }
        }
        return rules.joined(separator: "\n")
    }

    /// `Stripe live` becomes `STRIPE_LIVE`.
    private static func environmentName(of name: DisplayName) throws(VaultError) -> EnvironmentName {
        var text = ""
        for scalar in name.text.uppercased().unicodeScalars {
            let isPlain = ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
            if isPlain { text.unicodeScalars.append(scalar) } else if !text.hasSuffix("_") { text += "_" }
        }
        if let first = text.first, first.isNumber { text = "_" + text }
        guard text.contains(where: { $0 != "_" }), let name = try? EnvironmentName(text) else {
            throw .invalidName(
                field: "environmentName",
                reason: "no variable can be named after this credential, so environmentName has to be said"
            )
        }
        return name
    }
}

extension CredentialRow {
    /// How the value is presented, as it was checked when the credential was made.
    func presentation() throws(VaultError) -> Presentation {
        do {
            return try Presentation(scheme, header: header, prefix: prefix, parameter: parameter)
        } catch {
            throw .integrity(entry: name)
        }
    }

    /// The rules of its own, or else the catalogue's for its provider.
    func effectiveHosts(of provider: ProviderID?) -> [String] {
        guard hosts.isEmpty else { return hosts.split(separator: "\n").map(String.init) }
        return provider.flatMap(Provider.named)?.hosts ?? []
    }
}

extension CredentialEntryRow {
    var subject: AuditSubject {
        AuditSubject(kind: .entry, id: entry.id.text, name: credential.name, version: entry.version)
    }

    /// What the audit trail says of a change: what decides where the value goes, and what comes back.
    func details(of change: UpdateCredentialBody) -> [AuditDetail] {
        var details = change.hosts == nil ? [] : hostDetails
        if change.rotationPriority != nil {
            details.append(AuditDetail(key: "priority", value: String(credential.rotationPriority)))
        }
        if let response = change.response { details.append(AuditDetail(key: "response", value: response.rawValue)) }
        return details
    }

    /// What the audit trail says of where the credential may go.
    var hostDetails: [AuditDetail] {
        let hosts = credential.effectiveHosts(of: entry.provider).joined(separator: ", ")
        return [AuditDetail(key: "hosts", value: hosts.isEmpty ? "none" : String(hosts.prefix(1_000)))]
    }
}

extension VaultError {
    /// What is wrong with a presentation or with a value, and what to do.
    init(_ error: PresentationError) {
        switch error {
        case .unexpectedHeader:
            self = .invalidField("header", reason: "only CUSTOM_HEADER has a header")
        case .invalidHeader:
            self = .invalidField("header", reason: "a field's name that does not frame the message, such as X-API-Key")
        case .unexpectedPrefix:
            self = .invalidField("prefix", reason: "only a CUSTOM_HEADER with a header has a prefix")
        case .invalidPrefix:
            self = .invalidField("prefix", reason: "at most 64 visible ASCII characters and blanks")
        case .missingParameter:
            self = .invalidField("parameter", reason: "QUERY_PARAM needs the parameter's name")
        case .invalidParameter:
            self = .invalidField("parameter", reason: "1 to 128 letters, digits, -, ., _ or ~")
        case .unexpectedParameter:
            self = .invalidField("parameter", reason: "only QUERY_PARAM has a parameter")
        case .controlCharacter:
            self = .invalidValue(
                field: "value",
                reason:
                    "a credential has no control character and no blank at either end: CR, LF or NUL would end a field"
            )
        case .notASCII:
            self = .invalidValue(field: "value", reason: "a header field and a query carry ASCII only")
        case .tooShort:
            self = .invalidValue(
                field: "value",
                reason: "the secret part has at least 6 bytes: a shorter one cannot be kept out of answers"
            )
        case .tooLong: self = .invalidValue(field: "value", reason: "a credential has at most 32 KiB")
        case .noColon: self = .invalidValue(field: "value", reason: "BASIC_AUTH is written user:password")
        case .invalidCookie:
            self = .invalidValue(
                field: "value",
                reason: "cookies are written name=value; name=value, or copied as rows from a browser's developer tools"
            )
        case .invalidLines:
            self = .invalidValue(
                field: "value",
                reason: "a CUSTOM_HEADER without a header is lines of Name: value"
            )
        }
    }
}

extension HostRuleError {
    fileprivate var reason: String {
        switch self {
        case .tooLong: "a rule for hosts has at most 512 bytes"
        case .invalidMethod: "methods are upper-case words joined by commas, then a blank, then the host"
        case .invalidHost: "a host is a name such as api.example.com, or an address in its plain form"
        case .invalidPort: "a port is a number from 1 to 65535"
        case .invalidPath: "a path prefix has no query, no escape and no . or .. segment"
        case .invalidWildcard: "a wildcard is *. and a domain of at least two labels; it stands for one label"
        }
    }
}
