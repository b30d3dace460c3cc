// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// One NUL-terminated string of an environment (environ(7)).
struct EnvironmentString {
    let text: Text

    /// The part before the first `=`; nil where there is none or nothing before it.
    let name: Text?

    init(_ text: Text) {
        self.text = text
        name = text.index(of: UInt8(ascii: "=")).flatMap { $0 > 0 ? text[0..<$0] : nil }
    }

    init(joining pieces: [Text]) { self.init(Text(joining: pieces)) }

    init(cString: UnsafePointer<UInt8>) { self.init(Text(cString: cString)) }

    var value: Text? { name.map { text[$0.count + 1..<text.count] } }

    /// Whether this configures the wrapper and must not reach the command.
    var isOwn: Bool { text.hasPrefix(Text.ownPrefix) }
}

extension Text {
    static var ownPrefix: Text { "ATTACHE_" }
}

/// The strings that the process was started with, in their order, duplicates and malformed ones included.
struct InheritedEnvironment {
    let strings: [EnvironmentString]

    init() {
        var strings: [EnvironmentString] = []
        if let vector = ckernel_exec_environment() {
            var next = vector
            while let string = next.pointee {
                strings.append(EnvironmentString(cString: string))
                next += 1
            }
        }
        self.strings = strings
    }

    /// The last string of that name, which is the one that the command would be given.
    subscript(name: Text) -> EnvironmentString? { strings.last { $0.name == name } }

    /// A setting of the wrapper's own; nil where it is not set or empty.
    func setting(_ name: Text) -> Text? { self[name]?.value.flatMap { $0.isEmpty ? nil : $0 } }

    /// Overwrites the token where the kernel put it, since the process may yet wait or fail.
    func wipeToken() {
        for string in strings where string.name == "ATTACHE_GATEWAY_TOKEN" {
            guard let value = string.value, let start = value.bytes.baseAddress else { continue }
            ckernel_zero(UnsafeMutablePointer(mutating: start), value.count)
        }
    }
}
