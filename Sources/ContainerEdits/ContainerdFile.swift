// SPDX-License-Identifier: Apache-2.0

/// containerd's `config.toml`: a runtime of Kubernetes' CRI that is called `attache`, between two lines of comment.
///
/// The rest of the file is not understood and not touched.
package enum ContainerdFile {
    private static let begin = "# attache: begin"
    private static let end = "# attache: end"

    /// The file with the runtime in it; `text` is nil where there is no file.
    package static func installing(_ runtime: String, in text: String?) throws(ContainerdFileError) -> String {
        let rest = try removing(from: text ?? "") ?? text ?? ""
        guard !lines(of: rest).contains(where: { $0.hasPrefix("[") && $0.contains("runtimes.attache]") }) else {
            throw .runtimeTaken
        }
        let version = lines(of: rest).lazy.compactMap(number).first
        var result = rest
        if version == nil {
            guard lines(of: rest).allSatisfy({ $0.isEmpty || $0.hasPrefix("#") }) else { throw .versionMissing }
            result = "version = 2\n" + rest
        }
        let plugin: String
        switch version {
        case nil, 2: plugin = "plugins.\"io.containerd.grpc.v1.cri\""
        case 3: plugin = "plugins.'io.containerd.cri.v1.runtime'"
        case .some(let other): throw .versionUnknown(other)
        }
        if !result.hasSuffix("\n") { result += "\n" }
        let usesSystemd = lines(of: rest).contains { $0.filter { $0 != " " }.hasPrefix("SystemdCgroup=true") }
        // Once a file names a runtime, containerd has none that it does not name, the default one included.
        let isOnly = !lines(of: rest).contains { $0.hasPrefix("[") && $0.contains(".runtimes.") }
        let standard = """
            [\(plugin).containerd.runtimes.runc]
              runtime_type = "io.containerd.runc.v2"

            """
        return result + """
            \(begin)
            \(isOnly ? standard : "")[\(plugin).containerd.runtimes.attache]
              runtime_type = "io.containerd.runc.v2"
              pod_annotations = ["io.attache.*"]
              container_annotations = ["io.attache.*"]
              [\(plugin).containerd.runtimes.attache.options]
                BinaryName = \(String(decoding: jsonString(runtime), as: UTF8.self))\
            \(usesSystemd ? "\n    SystemdCgroup = true" : "")
            \(end)

            """
    }

    /// The file without the runtime; nil where it is not in it.
    package static func removing(from text: String) throws(ContainerdFileError) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.firstIndex(where: { $0 == begin }) else { return nil }
        guard let last = lines[first...].firstIndex(where: { $0 == end }) else { throw .markMissing }
        return (lines[..<first] + lines[(last + 1)...]).joined(separator: "\n")
    }

    /// Where the file says that the runtime is.
    package static func runtime(in text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.firstIndex(where: { $0 == begin }) else { return nil }
        for line in lines[first...] {
            let words = line.split(separator: "\"", omittingEmptySubsequences: false)
            if line.contains("BinaryName"), words.count >= 3 { return String(words[1]) }
        }
        return nil
    }

    private static func lines(of text: String) -> [Substring] {
        text.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "\t" } }
    }

    /// The number of `version = 2`, before any table.
    private static func number(_ line: Substring) -> Int? {
        let parts = line.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].filter({ $0 != " " }) == "version" else { return nil }
        return Int(parts[1].filter { $0 != " " })
    }
}

package enum ContainerdFileError: Error, Equatable {
    case runtimeTaken
    case versionMissing
    case versionUnknown(Int)
    case markMissing

    package var text: String {
        switch self {
        case .runtimeTaken: "it has a runtime called attache that this program did not write"
        case .versionMissing: "it names no version; version 2 or 3 is needed"
        case .versionUnknown(let number): "it is of version \(number); 2 and 3 are known"
        case .markMissing: "the line \"# attache: end\" is missing"
        }
    }
}
