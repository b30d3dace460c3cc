// SPDX-License-Identifier: Apache-2.0

/// A file of podman's `hooks.d` folder (oci-hooks(5)) that has `attache-hook` look at every container that is made.
///
/// Every one, since a condition of podman's sees annotations only and not the environment.
package enum PodmanHookFile {
    package static let name = "10-attache.json"

    package static func text(hook: String, settings: String?) -> String {
        let arguments = ["attache-hook", "precreate"] + (settings.map { ["--config", $0] } ?? [])
        let list = arguments.map { String(decoding: jsonString($0), as: UTF8.self) }.joined(separator: ", ")
        return """
            {
                "version": "1.0.0",
                "hook": {
                    "path": \(String(decoding: jsonString(hook), as: UTF8.self)),
                    "args": [\(list)]
                },
                "when": {"always": true},
                "stages": ["precreate"]
            }

            """
    }

    /// The program that a file of the folder names; nil where it is no such file.
    package static func hook(in bytes: [UInt8]) -> String? {
        guard let text = try? JSONText(bytes), let hook = try? text.member("hook", of: text.root),
            let path = try? text.string(text.member("path", of: hook)), path.hasSuffix("/attache-hook")
        else { return nil }
        return path
    }
}
