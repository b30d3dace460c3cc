// SPDX-License-Identifier: Apache-2.0

/// Something that an act concerned, under the name that it had then.
package struct AuditSubject: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case workspace
        case user
        case entry
        case agent
        case token
        case instance
        /// A master key, by its id, or an epoch, by its number.
        case key
        case backup
        case invitation
        case provider

        /// The byte that stands for the kind in an encoded entry.
        ///
        /// Never reused.
        var code: UInt8 {
            switch self {
            case .workspace: 1
            case .user: 2
            case .entry: 3
            case .agent: 4
            case .token: 5
            case .instance: 6
            case .key: 7
            case .backup: 8
            case .invitation: 9
            case .provider: 10
            }
        }
    }

    package let kind: Kind
    package let id: String
    package let name: String?
    package let version: Int64?

    package init(kind: Kind, id: String, name: String? = nil, version: Int64? = nil) {
        self.kind = kind
        self.id = id
        self.name = name
        self.version = version
    }
}
