// SPDX-License-Identifier: Apache-2.0

/// What the flags and the `ATTACHE_…` variables ask for.
struct Options {
    private(set) var keep: [Text] = []
    private(set) var only: [Text] = []
    private(set) var require: [Text] = []
    private(set) var renamed: [Renaming] = []
    private(set) var prefix: Text = ""
    private(set) var files: [FileRequest] = []
    private(set) var pass: [Text] = []
    private(set) var isStrict = false
    private(set) var isSession = false
    private(set) var allowsOffline = false
    private(set) var isQuiet = false
    private(set) var timeoutSeconds = 30
    private(set) var supervision = Supervision()

    /// The command and its arguments, as execve(2) takes them.
    private(set) var command: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>

    var commandName: Text { command.pointee.map { Text(cString: $0) } ?? "" }

    /// Reads the variables first, then the flags: lists add up, anything else is decided by the flag.
    init(
        arguments: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
        environment: InheritedEnvironment
    ) throws(Failure) {
        command = arguments
        for (variable, flag) in Options.variables + Supervision.variables {
            if let value = environment.setting(variable) { try take(flag, value, from: variable) }
        }
        if command.pointee != nil { command += 1 }
        while commandName.hasPrefix("-") {
            let argument = commandName
            command += 1
            if argument == "--" { break }
            let end = argument.index(of: UInt8(ascii: "=")) ?? argument.count
            let flag = argument[0..<end]
            var value = end < argument.count ? argument[end + 1..<argument.count] : nil
            if value == nil, Options.flagsWithValue.contains(flag), command.pointee != nil {
                value = commandName
                command += 1
            }
            try take(flag, value, from: flag)
        }
        try supervision.check(isSession: isSession)
        guard command.pointee != nil else {
            throw .usage(
                "no command; an ENTRYPOINT of one's own drops the CMD of the image: repeat it (attache-exec --help)"
            )
        }
        guard !isStrict || !expected.isEmpty else {
            throw .usage("--strict takes the expected names from --require, --map and --file; there are none")
        }
    }

    /// The vault's names that the command was said to need.
    var expected: [Text] {
        isStrict ? require + renamed.map { $0.name } + files.map { $0.name } : require
    }

    private static var flagsWithValue: [Text] {
        ["--keep", "--only", "--require", "--map", "--prefix", "--file", "--pass", "--timeout"]
            + Supervision.flagsWithValue
    }

    private static var variables: [(Text, Text)] {
        [
            ("ATTACHE_KEEP", "--keep"), ("ATTACHE_ONLY", "--only"), ("ATTACHE_REQUIRE", "--require"),
            ("ATTACHE_MAP", "--map"), ("ATTACHE_PREFIX", "--prefix"), ("ATTACHE_FILE", "--file"),
            ("ATTACHE_PASS", "--pass"), ("ATTACHE_STRICT", "--strict"), ("ATTACHE_TIMEOUT", "--timeout"),
            ("ATTACHE_SESSION", "--session"), ("ATTACHE_ALLOW_OFFLINE", "--allow-offline"),
            ("ATTACHE_QUIET", "--quiet"),
        ]
    }

    private mutating func take(_ flag: Text, _ value: Text?, from source: Text) throws(Failure) {
        switch flag {
        case "--keep": keep += try Options.names(value, source)
        case "--only": only += try Options.names(value, source)
        case "--require": require += try Options.names(value, source)
        case "--map": renamed += try Renaming.list(value, source)
        case "--prefix": prefix = try Renaming.prefix(value, source)
        case "--file": files += try FileRequest.list(value, source)
        case "--pass": pass += try Options.ownNames(value, source)
        case "--strict": isStrict = try Options.choice(value, source)
        case "--timeout": timeoutSeconds = try Options.seconds(value, source)
        case "--session": isSession = try Options.choice(value, source)
        case "--allow-offline": allowsOffline = try Options.choice(value, source)
        case "--quiet": isQuiet = try Options.choice(value, source)
        case "--help": Help.print()
        case "--version": Help.printVersion()
        default:
            if try supervision.take(flag, value, from: source) { return }
            // An odd flag may be a secret that was meant for another program: only plain words are repeated.
            let isPlain = flag.count <= 24 && flag.bytes.allSatisfy { $0 == 0x2D || ($0 >= 0x61 && $0 <= 0x7A) }
            throw .usage(isPlain ? "unknown flag \(flag)" : "unknown flag")
        }
    }

    static func names(_ list: Text?, _ source: Text) throws(Failure) -> [Text] {
        var names: [Text] = []
        (list ?? "").forEachPiece(separator: UInt8(ascii: ",")) { names.append($0.trimmed) }
        guard !names.isEmpty, names.allSatisfy({ $0.isEnvironmentName }) else {
            throw .usage("\(source) takes names of variables")
        }
        return names
    }

    /// Settings of the wrapper that the command may see; never the token itself.
    private static func ownNames(_ list: Text?, _ source: Text) throws(Failure) -> [Text] {
        let names = try names(list, source)
        guard names.allSatisfy({ $0.hasPrefix(Text.ownPrefix) && $0 != "ATTACHE_GATEWAY_TOKEN" }) else {
            throw .usage("\(source) takes names that begin with ATTACHE_, and never ATTACHE_GATEWAY_TOKEN")
        }
        return names
    }

    static func seconds(_ text: Text?, _ source: Text) throws(Failure) -> Int {
        guard let seconds = text?.number, seconds >= 1, seconds <= 3600 else {
            throw .usage("\(source) takes a number of seconds from 1 to 3600")
        }
        return seconds
    }

    static func choice(_ text: Text?, _ source: Text) throws(Failure) -> Bool {
        switch text ?? "1" {
        case "1", "true": true
        case "0", "false": false
        default: throw .usage("\(source) takes 1 or 0")
        }
    }
}
