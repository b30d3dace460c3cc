// SPDX-License-Identifier: Apache-2.0

/// Why the server does not start, or stopped.
///
/// No case carries a key, a value or a peer's bytes.
package enum ServeError: Error, Equatable {
    /// The configuration cannot work; the text says which setting and what to do.
    case configuration(String, hint: String?)
    /// The master key cannot work with this data.
    case masterKey(String, hint: String?)
    /// The data folder cannot be used now.
    case data(String, hint: String?)
    /// An address or socket is in use or cannot be bound.
    case listen(String, hint: String?)

    /// Whether trying again without changing anything is pointless (`EX_CONFIG` of sysexits.h).
    package var isConfiguration: Bool {
        switch self {
        case .configuration, .masterKey: true
        case .data, .listen: false
        }
    }

    package var text: String {
        switch self {
        case .configuration(let text, _), .masterKey(let text, _), .data(let text, _), .listen(let text, _): text
        }
    }

    package var hint: String? {
        switch self {
        case .configuration(_, let hint), .masterKey(_, let hint), .data(_, let hint), .listen(_, let hint): hint
        }
    }
}
