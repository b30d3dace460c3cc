// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct KeysStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the master keys, the epochs and the last rotation.",
        discussion: """
            Example:
              attache keys status
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let keys = try await client.withServer { try await $0.keys() }
        try client.show(keys) { keys.text }
    }
}

extension KeysBody {
    var text: String {
        var fields = FieldList()
        for key in masterKeys {
            let place = key.inKeyFile.map { $0 ? ", in the key file" : ", not in the key file" } ?? ""
            fields.add("master key", key.id + place)
        }
        fields.add("epochs", epochs.map { "\($0.number) \($0.state)" }.joined(separator: ", "))
        if let rotation {
            fields.add("last rotation", "\(rotation.kind), \(rotation.progress)")
            fields.add("began", rotation.startedAt.localWithZone)
            fields.add("ended", rotation.endedAt?.localWithZone)
        }
        return fields.text
    }
}

extension RotationBody {
    /// How far it is, with the rate and the time that is left, in one line.
    var progress: String {
        var text = "\(phase): \(done) of \(total) rows"
        if let rowsPerSecond { text += ", \(rowsPerSecond)/s" }
        if let secondsLeft { text += ", \(secondsLeft) s left" }
        if damaged > 0 { text += ", \(damaged) damaged" }
        return text
    }
}
