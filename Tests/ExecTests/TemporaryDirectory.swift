// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A directory of one test's own, removed with everything in it when the last reference goes away.
///
/// Its path is short, since the path of a Unix socket has at most 107 bytes.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let template = FileManager.default.temporaryDirectory.appendingPathComponent("exec-XXXXXX").path
        var bytes = Array(template.utf8CString)
        guard mkdtemp(&bytes) != nil else { throw SystemError(call: "mkdtemp") }
        path = String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String, mode: mode_t = 0o600) throws -> String {
        let file = path + "/" + name
        try betweenSpawns { try Data(bytes).write(to: URL(fileURLWithPath: file)) }
        guard chmod(file, mode) == 0 else { throw SystemError(call: "chmod") }
        return file
    }

    /// Copies a program that is to be run.
    func install(_ program: String, as name: String) throws {
        try betweenSpawns { try FileManager.default.copyItem(atPath: program, toPath: path + "/" + name) }
    }
}

/// A system call that the tests themselves need has failed.
struct SystemError: Error, CustomStringConvertible {
    let call: String
    let error = errno

    var description: String { "\(call): errno \(error)" }
}
