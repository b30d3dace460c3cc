// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Foundation
internal import Logging
internal import VaultModel

/// Writes each log line as one JSON object: `time`, `level`, `message`, and what else is known as `fields`.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel = Logger.Level.info
    private let write: @Sendable (Data) -> Void

    /// `write` gets a line with its end, from any thread.
    init(write: @escaping @Sendable (Data) -> Void) {
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadataProvider?.get() ?? [:]
        fields.merge(metadata) { _, own in own }
        fields.merge(event.metadata ?? [:]) { _, own in own }
        let line = Line(
            time: SystemWallClock().now,
            level: event.level.rawValue,
            message: "\(event.message)",
            fields: fields.mapValues { "\($0)" }
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var data = try? encoder.encode(line) else { return }
        data.append(UInt8(ascii: "\n"))
        write(data)
    }

    private struct Line: Encodable {
        let time: Timestamp
        let level: String
        let message: String
        let fields: [String: String]
    }
}

/// The form of the server's log.
enum LogFormat: String, CaseIterable, Sendable {
    /// Lines for people.
    case text
    /// A JSON object a line.
    case json
    /// Text where stderr is a terminal, JSON otherwise.
    case auto

    func isJSON(onTerminal: Bool) -> Bool {
        switch self {
        case .text: false
        case .json: true
        case .auto: !onTerminal
        }
    }
}
