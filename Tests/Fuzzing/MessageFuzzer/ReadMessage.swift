// SPDX-License-Identifier: Apache-2.0

/// A message as far as it was read.
struct ReadMessage: Equatable {
    /// Method and target, or the status; bytes, since to `String` some characters are others.
    let start: [[UInt8]]
    let fields: [ReadField]
    /// Whether another message can follow it.
    let goesOn: Bool
    var body: [UInt8] = []
    /// Whether a coding or an option stands beside a tab.
    var hasTabs = false
    /// Behind the end; nil where that was not seen.
    var trailers: [ReadField]?

    init(_ start: [String], _ fields: [ReadField], goesOn: Bool) {
        self.start = start.map { Array($0.utf8) }
        (self.fields, self.goesOn) = (fields, goesOn)
    }

    /// Whether what follows it is of another protocol.
    var isTunnel: Bool { start.first == Array("CONNECT".utf8) || start == [Array("101".utf8)] }

    /// Adds to the last of `messages`.
    static func add(_ bytes: some Sequence<UInt8>, to messages: inout [ReadMessage]) {
        messages[messages.count - 1].body += bytes
    }

    static func end(_ messages: inout [ReadMessage], with trailers: [ReadField]) {
        precondition(messages.last.map { $0.trailers == nil } == true)
        messages[messages.count - 1].trailers = trailers
    }
}

struct ReadField: Equatable {
    let name: [UInt8]
    let value: [UInt8]

    init(_ name: String, _ value: String) {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        self.name = Array(name.utf8)
        let start = value.utf8.drop(while: isBlank)
        self.value = Array(start.dropLast(start.reversed().prefix(while: isBlank).count))
    }
}
