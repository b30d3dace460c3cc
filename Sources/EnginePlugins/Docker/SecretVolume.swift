// SPDX-License-Identifier: Apache-2.0

/// A volume whose files are an agent's values.
///
/// Pointers only: this is what is written to disk.
package struct SecretVolume: Codable, Equatable, Sendable {
    package let name: String
    package let agent: String
    /// The entries that become files; nil for all that are attached.
    package let only: [String]?
    /// Whose the files are.
    package let uid: UInt32
    package let gid: UInt32
    /// Who has it mounted, by docker's ids.
    package var mounts: [String]

    /// Reads what `docker volume create` was told; the error is for people.
    package init(name: String, options: [String: String]) throws(SecretVolumeError) {
        let isName =
            name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            } && !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 128
        guard isName else { throw .refused("a volume's name has letters, digits and - _ . up to 128") }
        for option in options.keys where !["agent", "only", "uid", "gid"].contains(option) {
            throw .refused("there is no option \(option): agent, only, uid and gid are")
        }
        func number(_ option: String) throws(SecretVolumeError) -> UInt32 {
            guard let text = options[option] else { return 0 }
            guard let number = UInt32(text) else { throw .refused("\(option) takes a number") }
            return number
        }
        self.name = name
        agent = options["agent"] ?? name
        only = options["only"].map { $0.split(separator: ",").map { String($0.drop { $0 == " " }) } }
        uid = try number("uid")
        gid = try number("gid")
        mounts = []
    }

    /// Whether an entry of that name becomes a file.
    func has(_ entry: String) -> Bool { only?.contains(entry) ?? true }
}

/// Why a volume is not made or mounted; the text is what docker shows.
package enum SecretVolumeError: Error, Equatable {
    case refused(String)
}
