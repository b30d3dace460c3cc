// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
internal import Glibc
package import VaultModel

/// Where the value of an entry comes from.
package struct ValueOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The value itself; other users can see it in the process list.", valueName: "v"))
    package var value: String?

    @Option(
        help: ArgumentHelp("Take the value from this file, - for stdin.", valueName: "file"),
        completion: .file()
    )
    package var valueFile: String?

    @Flag(help: "Keep the line break at the end of stdin or the file; one is dropped otherwise.")
    package var keepNewline = false

    @Flag(help: "Accept an empty value from stdin, the file or the prompt.")
    package var allowEmpty = false

    package init() {}

    package func validate() throws {
        if value != nil, valueFile != nil { throw ValidationError("--value and --value-file exclude each other") }
    }

    /// Whether a value was given on the command line.
    package var isGiven: Bool { value != nil || valueFile != nil }

    /// What is read when nothing was given: a terminal is asked, anything else is read to its end.
    package func source(standardInputIsTerminal: Bool) -> ValueSource {
        if value != nil { return .argument }
        if let valueFile { return .file(path: valueFile) }
        return standardInputIsTerminal ? .prompt : .file(path: "-")
    }

    /// ``source(standardInputIsTerminal:)`` of this process.
    var source: ValueSource { source(standardInputIsTerminal: isatty(STDIN_FILENO) == 1) }

    /// The value, from wherever the options say; a secret in argv works, with a warning.
    func read(name: String, isSecret: Bool = true, for client: ClientOptions) throws(CommandError) -> SharedSecret {
        let source = source
        if source == .argument, isSecret {
            client.note("warning: a value in --value is visible to other users of this machine; stdin is not")
        }
        return try read(from: source, name: name)
    }

    /// The value of a credential: a terminal is asked for the user and the password of basic authentication one by one.
    func read(name: String, of type: CredentialScheme?, for client: ClientOptions) throws(CommandError) -> SharedSecret
    {
        guard type == .basicAuth, source == .prompt else { return try read(name: name, for: client) }
        return try checked(BasicAuthPrompt().value(limit: EnvironmentValue.maximumStringBytes, allowEmpty: allowEmpty))
    }

    package func read(from source: ValueSource, name: String) throws(CommandError) -> SharedSecret {
        let limit = EnvironmentValue.maximumStringBytes
        let bytes: SecretBytes
        switch source {
        case .argument: bytes = SecretBytes(copying: Array((value ?? "").utf8))
        case .prompt: bytes = try HiddenPrompt().line("value of \(name.printable) (not shown): ", limit: limit)
        case .file(let path):
            // A line break may stand after the longest value.
            let contents = try Self.contents(BoundedFile(path: path, limit: limit + 2))
            bytes = keepNewline ? contents : contents.droppingFinalNewline()
        }
        if bytes.isEmpty, !allowEmpty, source != .argument { throw .value(.empty) }
        return try checked(bytes)
    }

    private func checked(_ bytes: consuming SecretBytes) throws(CommandError) -> SharedSecret {
        guard bytes.count <= EnvironmentValue.maximumStringBytes else { throw .value(.tooLong) }
        guard bytes.withBytes({ String(validating: $0, as: UTF8.self) }) != nil else { throw .value(.notUTF8) }
        return SharedSecret(bytes)
    }

    private static func contents(_ file: BoundedFile) throws(CommandError) -> SecretBytes {
        do {
            return try file.contents()
        } catch .fileTooLarge {
            throw .value(.tooLong)
        }
    }
}

/// Where one value is read from.
package enum ValueSource: Equatable, Sendable {
    case argument
    /// `-` is stdin.
    case file(path: String)
    case prompt
}
