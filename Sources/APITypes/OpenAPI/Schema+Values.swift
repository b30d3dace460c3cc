// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// The values that occur in more than one body, with the limits that the vault holds them to.
extension Schema {
    /// The parts of an import that is sent as a form.
    static let importForm = request(
        .required("file", .array(of: .bytes, count: 1...64, "Files and archives, each with its name.")),
        .optional("choices", .reference(.importChoices))
    )

    static let identifier = string(format: "uuid", "A UUID of version 7, in lower case.")

    static let environmentName = string(
        pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
        length: 1...EnvironmentName.maximumBytes,
        "The name of an environment variable."
    )

    // Control characters, and blanks at either end. Unicode's other invisible characters are refused as well.
    static let displayName = string(
        pattern:
            "^[^\\u0000-\\u0020\\u007f-\\u00a0]([^\\u0000-\\u001f\\u007f-\\u009f]*[^\\u0000-\\u0020\\u007f-\\u00a0])?$",
        length: 1...DisplayName.maximumCharacters,
        "Visible characters, no blank at either end; unique in the workspace ignoring case."
    )

    /// A time that a client writes.
    static let time = string(
        format: "date-time",
        pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$",
        "RFC 3339."
    )

    /// A time that the server writes.
    static let timestamp = string(format: "date-time", "RFC 3339 in UTC, with milliseconds.")

    static let provider = string(
        pattern: "^[a-z][a-z0-9_-]*$",
        length: 1...64,
        "A provider such as `anthropic`; an agent has at most one entry of each."
    )

    static let note = string(pattern: "^[^\\u0000]*$", length: 0...2_000, "At most 2,000 bytes of UTF-8.")

    static let value = string(
        pattern: "^[^\\u0000]*$",
        length: 0...EnvironmentValue.maximumStringBytes,
        "The value. `NAME=value` has at most 131,071 bytes of UTF-8, the kernel's limit."
    )

    /// An entry or an agent in a body: its id or its name.
    static func nameOrID(_ description: String) -> Schema { string(length: 1...384, description) }

    static let entryKind = oneOf(
        EntryKind.plain.map(\.rawValue),
        "`secret`: sealed, never returned again. `variable`: configuration, its value is in listings."
    )

    static let credentialScheme = oneOf(CredentialScheme.allCases.map(\.rawValue), "How it is presented.")

    static let hosts = array(
        of: string(length: 1...512, "`[METHOD,METHOD ][http://]host[:port][/path]`; `*.domain` stands for one label."),
        count: 0...100,
        "Where it may go; without any, where the catalogue says for its provider."
    )

    static let rotationPriority = integer(
        0...CredentialPriority.largest,
        "Among the credentials of a provider the lowest is preferred, then the oldest; 0 unless told."
    )

    static let answerPart = oneOf(
        AnswerPart.allCases.map(\.rawValue),
        "What of an answer reaches the agent: all of it unless told, or its status alone."
    )

    static let plan = oneOf(Plan.allCases.map(\.rawValue), "What the workspace may hold and send.")

    static let role = oneOf(Role.allCases.map(\.rawValue), "What the holder may do.")

    static let version = integer(1...Int.max, "Counts the values that the entry has had.")

    static func count(_ description: String) -> Schema { integer(0...Int.max, description) }

    static let nextCursor = string("Give it back as `cursor` to get the next page; absent on the last one.")

    static func token(_ prefix: String, _ description: String) -> Schema {
        string(pattern: "^\(prefix)[0-9A-Za-z]{49}$", description)
    }
}
