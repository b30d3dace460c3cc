// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import FoundationEssentials
internal import VaultModel

/// What logs in at one registry, in the form in which docker and podman hand it over (docker-credential-helpers).
package struct RegistryCredential: Codable, Sendable {
    package enum CodingKeys: String, CodingKey {
        case serverURL = "ServerURL"
        case username = "Username"
        case secret = "Secret"
    }

    package let serverURL: String
    package let username: String
    package let secret: SecretText

    /// What is kept of it: the rest is in the entry's name.
    private struct Stored: Codable {
        enum CodingKeys: String, CodingKey {
            case username = "Username"
            case secret = "Secret"
        }

        let username: String
        let secret: SecretText
    }

    private init(serverURL: String, _ stored: Stored) {
        self.serverURL = serverURL
        username = stored.username
        secret = stored.secret
    }

    /// Reads what `store` gets; nil where it is not of that form.
    package init?(json: UnsafeRawBufferPointer) {
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(json)), !read.serverURL.isEmpty,
            !read.username.isEmpty
        else { return nil }
        self = read
    }

    /// Reads an entry; nil for one that is no registry's.
    package init?(entry name: String, value: UnsafeRawBufferPointer) {
        guard let serverURL = Self.serverURL(ofEntry: name),
            let stored = try? JSONDecoder().decode(Stored.self, from: Data(value))
        else { return nil }
        self.init(serverURL: serverURL, stored)
    }

    /// The value of its entry.
    package var value: SecretText? {
        (try? Self.encoder.encode(Stored(username: username, secret: secret))).map {
            SecretText(SharedSecret(copying: $0))
        }
    }

    /// The answer to `get`.
    package var json: [UInt8]? { (try? Self.encoder.encode(self)).map { Array($0) } }

    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    // MARK: - Names

    private static let prefix = "REGISTRY_"

    /// The name of the entry of a server: letters and digits as they are, any other byte as `_` and two digits, so that
    /// no two servers share one; nil where it would be too long for a name.
    package static func entryName(of serverURL: String) -> String? {
        var name = prefix
        for byte in serverURL.utf8 {
            if let scalar = plain(byte) {
                name.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                name += digits.utf8.count == 1 ? "_0\(digits)" : "_\(digits)"
            }
        }
        guard !serverURL.isEmpty, (try? EnvironmentName(name)) != nil else { return nil }
        return name
    }

    /// The server that ``entryName(of:)`` made the name of; nil for any other name.
    package static func serverURL(ofEntry name: String) -> String? {
        guard name.hasPrefix(prefix) else { return nil }
        var bytes: [UInt8] = []
        var rest = name.utf8.dropFirst(prefix.utf8.count)
        while let byte = rest.popFirst() {
            if plain(byte) != nil {
                bytes.append(byte)
            } else {
                guard byte == UInt8(ascii: "_"),
                    let read = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(read)
                rest = rest.dropFirst(2)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self), entryName(of: text) == name else { return nil }
        return text
    }

    private static func plain(_ byte: UInt8) -> Unicode.Scalar? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            Unicode.Scalar(byte)
        default: nil
        }
    }
}
