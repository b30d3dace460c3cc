// SPDX-License-Identifier: Apache-2.0

/// What systemd asks for: one credential of one unit (systemd.exec(5), `LoadCredential=`).
///
/// It says so with the name that its end of the connection is bound to, an abstract one (unix(7)):
/// `\0` RANDOM `/unit/` UNIT `/` CREDENTIAL.
package struct UnitCredential: Equatable, Sendable {
    package let unit: String
    package let credential: String

    /// Reads the name; nil where it is none of systemd's.
    ///
    /// Neither part can hold a slash, so there is one way to read it.
    package init?(socketName: some Collection<UInt8>) {
        guard socketName.first == 0, let name = String(validating: socketName.dropFirst(), as: UTF8.self) else {
            return nil
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, !parts[0].isEmpty, parts[0].allSatisfy(\.isHexDigit), parts[1] == "unit",
            !parts[2].isEmpty, !parts[3].isEmpty
        else { return nil }
        unit = String(parts[2])
        credential = String(parts[3])
    }

    /// Whose value it is: `AGENT.NAME` names the agent, and `NAME` alone means the agent that is called as the unit is,
    /// without its type and without what follows an `@`.
    ///
    /// The name of an entry has no dot, so the last one is where the agent's ends.
    package var agent: String {
        if let dot = credential.lastIndex(of: ".") { return String(credential[..<dot]) }
        let name = unit[..<(unit.lastIndex(of: ".") ?? unit.endIndex)]
        return String(name.prefix { $0 != "@" })
    }

    /// The entry that is asked for.
    package var entry: String {
        credential.lastIndex(of: ".").map { String(credential[credential.index(after: $0)...]) } ?? credential
    }
}
