// SPDX-License-Identifier: Apache-2.0

internal import Configuration
internal import CredentialProxy
internal import Glibc
internal import HTTPAPI
internal import Logging
internal import MailDelivery
internal import ProxyRules
internal import VaultCore
internal import VaultModel

/// Where the server keeps its data, which key opens it, and where it listens.
struct ServerConfiguration: Sendable {
    var data: String
    var listen: ListenAddress?
    var socket: String
    var agentSocket: String
    var tls: TLSFiles?
    var masterKeyFile: String
    var backups: Backups
    var logLevel: Logger.Level
    var logFormat = LogFormat.auto
    var vault = VaultSettings()
    var limits = LimitSettings()
    var proxy = BrokerSettings()
    /// Where people reach the server, without a slash at its end; nil where nobody said.
    var publicURL: String?
    /// Who takes the server's mails; nil sends none.
    var mail: MailServer?

    struct TLSFiles: Equatable, Sendable {
        var certificate: String
        var key: String
    }
}

/// Where backups are kept, when they are made, and how many of them stay.
struct Backups: Equatable, Sendable {
    var folder: String
    /// Nil makes none but those that are asked for.
    var every: Duration?
    /// Nil keeps all of them.
    var keep: Int?
}

/// A TCP address: `HOST:PORT`, with brackets around an IPv6 host.
struct ListenAddress: Equatable, Sendable {
    var host: String
    var port: Int

    /// Port 0 lets the system choose; what it chose is in the line `listening`.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }
}

extension ServerConfiguration {
    /// Puts the configuration together: the command line wins over `ATTACHE_…` variables, those over the file, that
    /// over the defaults.
    ///
    /// The default paths are those of the system for root and of the XDG base directories for anybody else.
    static func resolving(
        _ options: ServeOptions,
        environment: [String: String],
        userID: UInt32
    ) async throws(ServeError) -> ServerConfiguration {
        let places = DefaultPlaces(environment: environment, userID: userID)
        let reader = try await configReader(options, environment: environment, places: places)
        let data = reader.string(forKey: "data") ?? places.data
        let listenText = reader.string(forKey: "listen") ?? "127.0.0.1:8750"
        var listen: ListenAddress?
        if listenText != "off" {
            listen = ListenAddress(listenText)
            guard listen != nil else {
                throw .configuration(
                    "the address to listen on is not HOST:PORT",
                    hint: "write it like 127.0.0.1:8750 or [::1]:8750, or off"
                )
            }
        }
        let certificate = reader.string(forKey: "tls.certificate")
        let key = reader.string(forKey: "tls.key")
        var tls: TLSFiles?
        switch (certificate, key) {
        case (.some(let certificate), .some(let key)): tls = TLSFiles(certificate: certificate, key: key)
        case (nil, nil): tls = nil
        case (.some, nil), (nil, .some):
            throw .configuration(
                "TLS takes a certificate and its key",
                hint: "give both --tls-certificate and --tls-key, or neither"
            )
        }
        if let listen, tls == nil, !listen.isLoopback {
            throw .configuration(
                "without TLS the server listens on a loopback address only",
                hint: "give --tls-certificate and --tls-key, or listen on 127.0.0.1"
            )
        }
        let levelText = reader.string(forKey: "log.level") ?? "info"
        guard let logLevel = Logger.Level(rawValue: levelText) else {
            throw .configuration(
                "the log level is not one of trace, debug, info, notice, warning, error, critical",
                hint: nil
            )
        }
        guard let logFormat = LogFormat(rawValue: reader.string(forKey: "log.format") ?? "auto") else {
            throw .configuration("the form of the log is not one of text, json, auto", hint: nil)
        }
        var vault = try VaultSettings(
            auditRetention: reader.string(forKey: "audit.retention"),
            reminders: reader.string(forKey: "expiry.reminders")
        )
        vault.agentURL = try agentURL(reader)
        vault.plan = try plan(reader)
        let proxy = try proxySettings(reader)
        let publicURL = try publicURL(reader)
        return ServerConfiguration(
            data: data,
            listen: listen,
            socket: reader.string(forKey: "socket") ?? places.socket,
            agentSocket: reader.string(forKey: "agent.socket") ?? places.agentSocket,
            tls: tls,
            masterKeyFile: reader.string(forKey: "master.key.file") ?? places.masterKeyFile,
            backups: try backups(reader, data: data),
            logLevel: logLevel,
            logFormat: logFormat,
            vault: vault,
            limits: try limits(reader),
            proxy: proxy,
            publicURL: publicURL,
            mail: try mail(reader, publicURL: publicURL)
        )
    }

    private static func plan(_ reader: ConfigReader) throws(ServeError) -> Plan {
        guard let text = reader.string(forKey: "plan") else { return .selfHosted }
        guard let plan = Plan(rawValue: text) else {
            throw .configuration(
                "there is no such plan of workspaces",
                hint: "write plan as one of \(Plan.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        return plan
    }

    private static func agentURL(_ reader: ConfigReader) throws(ServeError) -> String? {
        guard var text = reader.string(forKey: "agent.url") else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        guard let url = try? TargetURL(text), url.query == nil else {
            throw .configuration(
                "the address at which agents reach the proxy is no URL",
                hint: "write it like https://vault.example:8750: ATTACHE_AGENT_URL=https://vault.example:8750"
            )
        }
        return text
    }

    private static func publicURL(_ reader: ConfigReader) throws(ServeError) -> String? {
        guard var text = reader.string(forKey: "public.url")?[...] else { return nil }
        if text.hasSuffix("/") { text = text.dropLast() }
        let isSafe = text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !text.contains("#") && !text.contains("?")
        guard isSafe, text.hasPrefix("https://") || text.hasPrefix("http://"), text.hasSuffix("://") == false else {
            throw .configuration(
                "the address that people reach the server at is no URL",
                hint: "write it like https://vault.example:8750: ATTACHE_PUBLIC_URL"
            )
        }
        return String(text)
    }

    private static func mail(_ reader: ConfigReader, publicURL: String?) throws(ServeError) -> MailServer? {
        guard let url = reader.string(forKey: "smtp.url") else { return nil }
        guard let sender = reader.string(forKey: "smtp.sender").flatMap({ EmailAddress($0) }) else {
            throw .configuration(
                "mail is to be sent and has no sender",
                hint: "give its address in ATTACHE_SMTP_SENDER, like attache@vault.example"
            )
        }
        guard publicURL != nil else {
            throw .configuration(
                "mail is to be sent and the server does not know where people reach it",
                hint: "say it in ATTACHE_PUBLIC_URL, like https://vault.example:8750"
            )
        }
        guard var server = MailServer(url: url, sender: sender) else {
            throw .configuration(
                "the address of the mail server is not like smtps://USER@HOST or smtp://HOST:PORT",
                hint: "its password comes from the file ATTACHE_SMTP_PASSWORD_FILE"
            )
        }
        server.passwordFile = reader.string(forKey: "smtp.password.file")
        server.trustedCertificates = reader.string(forKey: "smtp.trust")
        guard (server.user == nil) == (server.passwordFile == nil) else {
            throw .configuration(
                "a login at the mail server takes a user and a password",
                hint: "the user in ATTACHE_SMTP_URL, the password in the file ATTACHE_SMTP_PASSWORD_FILE; or neither"
            )
        }
        return server
    }

    private static func proxySettings(_ reader: ConfigReader) throws(ServeError) -> BrokerSettings {
        var settings = BrokerSettings()
        settings.trustedCertificates = reader.string(forKey: "proxy.trust")
        if let text = reader.string(forKey: "proxy.resolver") {
            guard let server = NameServer(text) else {
                throw .configuration(
                    "the name server of the proxy is not an address",
                    hint: "write ATTACHE_PROXY_RESOLVER like 192.0.2.53 or 127.0.0.1:5353"
                )
            }
            settings.nameServer = server
        }
        func number(_ key: ConfigKey, _ name: String) throws(ServeError) -> Int? {
            guard let text = reader.string(forKey: key) else { return nil }
            guard let number = Int(text), number >= 0 else {
                throw .configuration("\(name) is not a number", hint: "0 means without a limit")
            }
            return number == 0 ? nil : number
        }
        settings.ofHolder.atOnce = try number("proxy.concurrent", "ATTACHE_PROXY_CONCURRENT") ?? 0
        settings.ofHolder.perMinute = try number("proxy.rate", "ATTACHE_PROXY_RATE") ?? 0
        settings.ofToken.atOnce = try number("proxy.token.concurrent", "ATTACHE_PROXY_TOKEN_CONCURRENT") ?? 0
        settings.ofToken.perMinute = try number("proxy.token.rate", "ATTACHE_PROXY_TOKEN_RATE") ?? 0
        settings.mostRequestBytes = try number("proxy.request.bytes", "ATTACHE_PROXY_REQUEST_BYTES")
        settings.mostAnswerBytes = try number("proxy.answer.bytes", "ATTACHE_PROXY_ANSWER_BYTES")
        let texts = (reader.string(forKey: "proxy.allow") ?? "").split(separator: ",")
        var blocks: [NetworkRange] = []
        for text in texts {
            guard let block = NetworkRange(text.filter { $0 != " " }) else {
                throw .configuration(
                    "the addresses that the proxy may dial are not blocks",
                    hint: "write them like 10.1.0.0/16,fd00::/8"
                )
            }
            blocks.append(block)
        }
        settings.addresses = AddressRules(allowed: blocks)
        return settings
    }

    private static func backups(_ reader: ConfigReader, data: String) throws(ServeError) -> Backups {
        var backups = Backups(folder: reader.string(forKey: "backups.folder") ?? "\(data)/backups")
        if let text = reader.string(forKey: "backups.every"), text != "off" {
            guard let hours = Int(text), (1...8_760).contains(hours) else {
                throw .configuration(
                    "the time between backups is not a number of hours, or off",
                    hint: "write it like 24: ATTACHE_BACKUPS_EVERY=24"
                )
            }
            backups.every = .seconds(3_600 * hours)
        }
        if let text = reader.string(forKey: "backups.keep"), text != "all" {
            guard let count = Int(text), (1...100_000).contains(count) else {
                throw .configuration(
                    "the number of backups to keep is not a number, or all",
                    hint: "write it like 14: ATTACHE_BACKUPS_KEEP=14"
                )
            }
            backups.keep = count
        }
        return backups
    }

    private static func limits(_ reader: ConfigReader) throws(ServeError) -> LimitSettings {
        func number(_ key: ConfigKey, _ name: String, _ standard: Int) throws(ServeError) -> Int {
            guard let text = reader.string(forKey: key) else { return standard }
            guard let number = Int(text), (0...10_000_000).contains(number) else {
                throw .configuration("\(name) is not a number of requests a minute", hint: "0 means without a limit")
            }
            return number
        }
        var limits = LimitSettings()
        limits.perToken = try number("rate.per.token", "ATTACHE_RATE_PER_TOKEN", limits.perToken)
        limits.perAddress = try number("rate.per.address", "ATTACHE_RATE_PER_ADDRESS", limits.perAddress)
        for text in (reader.string(forKey: "trusted.proxies") ?? "").split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let range = NetworkRange(text) else {
                throw .configuration(
                    "ATTACHE_TRUSTED_PROXIES has an entry that is no network",
                    hint: "write it like 10.0.0.0/8,192.0.2.7, with zeros after the prefix"
                )
            }
            limits.trustedProxies.append(range)
        }
        return limits
    }

    private static func configReader(
        _ options: ServeOptions,
        environment: [String: String],
        places: DefaultPlaces
    ) async throws(ServeError) -> ConfigReader {
        let flags: [AbsoluteConfigKey: ConfigValue] = [
            "data": options.data, "listen": options.listen, "socket": options.socket,
            "agent.socket": options.agentSocket, "tls.certificate": options.tlsCertificate,
            "tls.key": options.tlsKey, "master.key.file": options.masterKeyFile, "log.level": options.logLevel,
            "backups.folder": options.backupsFolder, "backups.every": options.backupsEvery,
            "backups.keep": options.backupsKeep, "agent.url": options.agentURL, "proxy.allow": options.proxyAllow,
            "proxy.trust": options.proxyTrust,
        ].reduce(into: [:]) { values, flag in
            guard let value = flag.value else { return }
            let parts = flag.key.split(separator: ".").map(String.init)
            values[AbsoluteConfigKey(parts)] = ConfigValue(.string(value), isSecret: false)
        }
        let variables = environment.reduce(into: [String: String]()) { variables, variable in
            guard variable.key.hasPrefix("ATTACHE_") else { return }
            variables[String(variable.key.dropFirst("ATTACHE_".count))] = variable.value
        }
        let named = options.configurationFile ?? environment["ATTACHE_CONFIG"]
        let file: FileProvider<JSONSnapshot>
        do {
            let place: [AbsoluteConfigKey: ConfigValue] = [
                ["filePath"]: ConfigValue(.string(named ?? places.configurationFile), isSecret: false),
                ["allowMissing"]: ConfigValue(.bool(named == nil), isSecret: false),
            ]
            file = try await FileProvider<JSONSnapshot>(
                config: ConfigReader(provider: InMemoryProvider(values: place))
            )
        } catch {
            throw .configuration(
                "the configuration file \(named ?? places.configurationFile) cannot be read as JSON",
                hint: "see docs/configuration.md for its form"
            )
        }
        return ConfigReader(providers: [
            InMemoryProvider(values: flags),
            EnvironmentVariablesProvider(environmentVariables: variables),
            file,
        ])
    }
}

extension ListenAddress {
    /// Whether nobody but this machine can reach it; of names, only `localhost` is known to be (RFC 6761 §6.3).
    var isLoopback: Bool {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        var six = in6_addr()
        if inet_pton(AF_INET6, host, &six) == 1 {
            return withUnsafeBytes(of: six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
        }
        return host == "localhost"
    }
}

/// The paths that are used when nothing else was said.
struct DefaultPlaces: Equatable, Sendable {
    let data: String
    let socket: String
    let agentSocket: String
    let masterKeyFile: String
    let configurationFile: String

    init(environment: [String: String], userID: UInt32) {
        if userID == 0 {
            data = "/var/lib/attache"
            socket = "/run/attache/attache.sock"
            agentSocket = "/run/attache/agent.sock"
            masterKeyFile = Self.systemdCredential(environment) ?? "/etc/attache/master.key"
            configurationFile = "/etc/attache/attache.json"
            return
        }
        let home = environment["HOME"] ?? "/nonexistent"
        let configuration = environment["XDG_CONFIG_HOME"] ?? "\(home)/.config"
        let runtime = environment["XDG_RUNTIME_DIR"] ?? "\(home)/.local/state"
        data = "\(environment["XDG_DATA_HOME"] ?? "\(home)/.local/share")/attache"
        socket = "\(runtime)/attache/attache.sock"
        agentSocket = "\(runtime)/attache/agent.sock"
        masterKeyFile = Self.systemdCredential(environment) ?? "\(configuration)/attache/master.key"
        configurationFile = "\(configuration)/attache/attache.json"
    }

    /// A credential that systemd handed over (systemd.exec(5), `LoadCredential=`).
    private static func systemdCredential(_ environment: [String: String]) -> String? {
        guard let directory = environment["CREDENTIALS_DIRECTORY"] else { return nil }
        let path = "\(directory)/attache.master-key"
        return access(path, R_OK) == 0 ? path : nil
    }
}
