// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import UnixSockets

struct SocketFileTests {
    private func mode(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    /// Binds and listens like a server that is then killed: the file stays.
    private func listeningSocket(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(descriptor, 8) == 0 else { throw POSIXError(.EIO) }
        return descriptor
    }

    @Test func whatAKilledServerLeftBehindIsRemoved() throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending("s")
        close(try listeningSocket(at: path))
        #expect(access(path, F_OK) == 0)
        try SocketFile(path: path, mode: 0o600).prepare()
        #expect(access(path, F_OK) != 0)
    }

    @Test func aLiveServersSocketIsNotTouched() throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending("s")
        let server = try listeningSocket(at: path)
        defer { close(server) }
        #expect(throws: SocketFileError.inUse) { try SocketFile(path: path, mode: 0o600).prepare() }
        // Still the one that listens there.
        #expect(throws: SocketFileError.inUse) { try SocketFile(path: path, mode: 0o600).prepare() }
    }

    @Test func aFileThatIsNoSocketIsNotTouched() throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending("s")
        try Data("keep".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: SocketFileError.notASocket) { try SocketFile(path: path, mode: 0o600).prepare() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("keep".utf8))
    }

    @Test func aLinkToASocketIsNotFollowed() throws {
        let directory = try TemporaryDirectory()
        let target = directory.appending("target")
        close(try listeningSocket(at: target))
        let path = directory.appending("s")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        #expect(throws: SocketFileError.notASocket) { try SocketFile(path: path, mode: 0o600).prepare() }
        #expect(access(target, F_OK) == 0)
    }

    @Test func theFolderIsMadeAndCanBeEntered() throws {
        let directory = try TemporaryDirectory()
        try SocketFile(path: directory.appending("run/attache/s"), mode: 0o666).prepare()
        #expect(try mode(of: directory.appending("run/attache")).map { $0 & 0o555 } == 0o555)
        #expect(try mode(of: directory.appending("run/attache")).map { $0 & 0o022 } == 0)
    }

    @Test(arguments: [0o600, 0o666])
    func theModeIsTheOneThatWasAskedFor(mode wanted: Int) throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending("s")
        let server = try listeningSocket(at: path)
        defer { close(server) }
        SocketFile(path: path, mode: UInt32(wanted)).applyMode()
        #expect(try mode(of: path) == wanted)
    }

    @Test func aPathThatNoSocketCanHaveIsRefused() throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending(String(repeating: "s", count: 120))
        #expect(throws: SocketFileError.pathTooLong) { try SocketFile(path: path, mode: 0o600).prepare() }
    }
}
