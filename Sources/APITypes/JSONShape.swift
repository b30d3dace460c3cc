// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What a body of JSON looks like before it is decoded.
///
/// The decoder recurses, so that depth has to be looked at first. And it takes one of two fields of the same name, where
/// whoever checked the request on its way may have taken the other (RFC 8259 §4). Says nothing about whether the text is
/// JSON otherwise.
package enum JSONShape: Equatable, Sendable {
    package static let maximumDepth = 32

    case fine
    case tooDeep
    /// An object has this field more than once.
    case repeated(String)

    package init(of bytes: [UInt8]) {
        // The names that each open object has so far; nil for an array.
        var open: [Set<String>?] = []
        var isNameNext = false
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                let start = index + 1
                index = Self.endOfString(in: bytes, from: start)
                guard isNameNext, let innermost = open.indices.last else { break }
                isNameNext = false
                let name = Self.unescaped(bytes[start..<min(index, bytes.count)])
                if open[innermost]?.insert(name).inserted == false {
                    self = .repeated(name)
                    return
                }
            case UInt8(ascii: "{"):
                open.append([])
                isNameNext = true
            case UInt8(ascii: "["):
                open.append(nil)
                isNameNext = false
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = open.popLast()
                isNameNext = false
            case UInt8(ascii: ","): isNameNext = open.last.map { $0 != nil } ?? false
            default: break
            }
            if open.count > Self.maximumDepth {
                self = .tooDeep
                return
            }
            index += 1
        }
        self = .fine
    }

    /// Where the closing quote is of the string that begins at `start`, behind its quote.
    private static func endOfString(in bytes: [UInt8], from start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        return end
    }

    private static func unescaped(_ raw: ArraySlice<UInt8>) -> String {
        let text = String(decoding: raw, as: UTF8.self)
        guard raw.contains(UInt8(ascii: "\\")) else { return text }
        return (try? JSONDecoder().decode(String.self, from: Data("\"\(text)\"".utf8))) ?? text
    }
}
