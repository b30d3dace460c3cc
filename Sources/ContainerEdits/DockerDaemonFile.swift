// SPDX-License-Identifier: Apache-2.0

/// dockerd's `daemon.json`: `"runtimes": {"attache": {"path": "…"}}` in it, and everything else as it is.
package enum DockerDaemonFile {
    /// The file with the runtime in it; `bytes` is nil where there is no file.
    package static func installing(_ runtime: String, in bytes: [UInt8]?) throws(ContainerEditError) -> [UInt8] {
        let entry = Array("{\"path\": ".utf8) + jsonString(runtime) + Array("}".utf8)
        guard let bytes, !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) else {
            return Array("{\n    \"runtimes\": {\"attache\": ".utf8) + entry + Array("}\n}\n".utf8)
        }
        let cleared = try removing(from: bytes) ?? bytes
        if try self.runtime(in: bytes) == runtime { return bytes }
        let text = try JSONText(cleared)
        guard text.root.isObject else { throw .unexpectedForm("daemon.json") }
        var edits = TextEdits(text)
        if let runtimes = try text.member("runtimes", of: text.root) {
            guard runtimes.isObject else { throw .unexpectedForm("runtimes") }
            edits.addMember("attache", entry, to: runtimes, isLaidOut: true)
        } else {
            guard try text.anyMember("runtimes", of: text.root) == nil else { throw .unexpectedForm("runtimes") }
            let runtimes = Array("{\"attache\": ".utf8) + entry + Array("}".utf8)
            edits.addMember("runtimes", runtimes, to: text.root, isLaidOut: true)
        }
        return edits.applied()
    }

    /// The file without the runtime, as it was before; nil where it is not in it.
    package static func removing(from bytes: [UInt8]) throws(ContainerEditError) -> [UInt8]? {
        let text = try JSONText(bytes)
        guard let runtimes = try text.member("runtimes", of: text.root),
            try text.anyMember("attache", of: runtimes) != nil
        else { return nil }
        var edits = TextEdits(text)
        if case .object(let members) = runtimes.kind, members.count == 1 {
            edits.removeMember("runtimes", of: text.root)
        } else {
            edits.removeMember("attache", of: runtimes)
        }
        return edits.applied()
    }

    /// Where the file says that the runtime is; nil where it says nothing of it.
    package static func runtime(in bytes: [UInt8]) throws(ContainerEditError) -> String? {
        let text = try JSONText(bytes)
        let runtimes = try text.member("runtimes", of: text.root)
        return try text.string(text.member("path", of: text.member("attache", of: runtimes)))
    }
}
