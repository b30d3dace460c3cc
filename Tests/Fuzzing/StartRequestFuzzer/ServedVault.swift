// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPAPI
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import VaultCore

/// A vault whose agents' socket is served for as long as the fuzzer runs.
struct ServedVault: Sendable {
    /// An agent's gateway token, and the receipt of a start of it.
    let token: [UInt8]
    let receipt: [UInt8]
    private let path: String
    private let test: TestVault
    private let directory: TemporaryDirectory

    static let shared: ServedVault = {
        let made = Mutex<ServedVault?>(nil)
        let isMade = DispatchSemaphore(value: 0)
        Task.detached {
            let vault = try? await make()
            made.withLock { $0 = vault }
            isMade.signal()
        }
        isMade.wait()
        guard let vault = made.withLock({ $0 }) else { fatalError("the server did not start") }
        return vault
    }()

    private static func make() async throws -> ServedVault {
        let test = try await TestVault.make()
        _ = try await test.create("API_KEY", "a value")
        let agent = try await test.createAgent("bot", with: ["API_KEY"])
        guard let token = agent.gatewayToken else { fatalError("an agent is made with a token") }
        try await test.start(agent)
        let instances = try await test.vault.instances(of: "bot", PageRequest(), by: test.localOperator)
        guard let receipt = instances.instances.first?.id else { fatalError("a start makes an instance") }
        let directory = try TemporaryDirectory()
        let path = directory.appending("s")
        let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        let (running, whenRunning) = AsyncStream.makeStream(of: Void.self)
        let service = try HTTPSurface(vault: test.vault, backups: test.backups, logger: logger)
            .service(for: .agentSocket, at: .socket(path: path)) { _ in whenRunning.yield() }
        Task.detached { try await service.run() }
        for await _ in running { break }
        return ServedVault(
            token: Array(token.utf8),
            receipt: Array(receipt.utf8),
            path: path,
            test: test,
            directory: directory
        )
    }

    /// `TOKEN` and `RECEIPT` become what the server knows, so that the corpus can say them.
    func filledIn(_ bytes: [UInt8]) -> [UInt8] {
        Array(Data(bytes).replacing(Array("TOKEN".utf8), with: token).replacing(Array("RECEIPT".utf8), with: receipt))
    }

    /// Sends `bytes` in pieces, each read by the server before the next is sent, and returns all that comes back.
    ///
    /// A server that neither answers nor ends the connection ends the process.
    func exchange(_ bytes: [UInt8], cutAt cuts: [Int]) -> [UInt8] {
        let descriptor = connected()
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 4, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var place = 0
        for end in cuts.map({ $0 % (bytes.count + 1) }).sorted() + [bytes.count] where end > place {
            // One that has refused what came so far takes no more.
            guard send(bytes[place..<end], to: descriptor) else { break }
            place = end
            if end < bytes.count { waitUntilRead(descriptor) }
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            precondition(count >= 0 || errno == ECONNRESET, "no answer and no end")
            guard count > 0 else { return answer }
            answer += chunk[..<count]
        }
    }

    private func connected() -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { fatalError("the server is gone") }
        return descriptor
    }

    private func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Until the server has taken what was sent, or is answering and takes no more: so a piece is a read of its own.
    private func waitUntilRead(_ descriptor: Int32) {
        let end = ContinuousClock.now + .milliseconds(5)
        var unread: Int32 = 0
        while ioctl(descriptor, UInt(TIOCOUTQ), &unread) == 0, unread > 0, ContinuousClock.now < end { sched_yield() }
    }
}
