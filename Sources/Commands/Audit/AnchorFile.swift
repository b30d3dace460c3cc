// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file in which checkpoints stand among other text, such as a log; read line by line, however long it is.
package struct AnchorFile {
    /// `-` is stdin.
    package let path: String
    private static let pieceBytes = 1 << 20

    package init(path: String) {
        self.path = path
    }

    /// Every checkpoint of the file, each once, in their order.
    package func checkpoints() throws(CommandError) -> [String] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(errno) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var found: [String] = []
        var known: Set<String> = []
        var line: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(errno) }
            line += piece.prefix(count)
            // A checkpoint never goes over the end of a line.
            let end = count == 0 ? line.count : (line.lastIndex(of: UInt8(ascii: "\n")) ?? 0)
            for text in Self.checkpoints(in: line[..<end]) where known.insert(text).inserted { found.append(text) }
            line.removeFirst(end)
            guard count > 0 else { break }
        }
        guard !found.isEmpty else {
            throw .usage("no checkpoint stands in \(path)", hint: "one begins with atc1.")
        }
        return found
    }

    package static func checkpoints(in bytes: some Collection<UInt8>) -> [String] {
        let prefix = Array("atc1.".utf8)
        let bytes = Array(bytes)
        var found: [String] = []
        var index = 0
        while index + prefix.count < bytes.count {
            guard bytes[index] == prefix[0], bytes[index..<(index + prefix.count)].elementsEqual(prefix) else {
                index += 1
                continue
            }
            var end = index + prefix.count
            while end < bytes.count, bytes[end].isBase64URL { end += 1 }
            found.append(String(decoding: bytes[index..<end], as: UTF8.self))
            index = end
        }
        return found
    }

    private func unreadable(_ code: Int32) -> CommandError {
        .unreadableFile(path: path, reason: String(cString: strerror(code)))
    }
}

extension UInt8 {
    fileprivate var isBase64URL: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
