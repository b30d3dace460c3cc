// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPAPI
import Synchronization
import TestSupport
import Testing
import VaultCore

/// The requests of engines' hooks: they leave as soon as theirs was read.
struct HookTests {
    /// A machine on which process `n` is in the group of container `cn` until it ends.
    private final class Machine: Sendable {
        private let ended = Mutex<Set<Int32>>([])

        func end(_ pid: Int32) { ended.withLock { _ = $0.insert(pid) } }

        var table: ProcessTable {
            let hasEnded = { @Sendable (pid: Int32) in self.ended.withLock { $0.contains(pid) } }
            return ProcessTable(
                boot: "boot",
                facts: { hasEnded($0) ? nil : ProcessFacts(pid: $0, start: 1, cgroups: "0::/docker/c\($0)") },
                hasNone: hasEnded
            )
        }
    }

    private static func request(_ method: String, _ path: String, _ fields: [String] = [], body: String = "") -> String
    {
        let lines =
            ["\(method) /api/v1/\(path) HTTP/1.1", "Host: attache", "Connection: close"] + fields
            + ["Content-Length: \(body.utf8.count)", "", body]
        return lines.joined(separator: "\r\n")
    }

    private static func register(_ pid: Int32, as agent: String = "web") -> String {
        request(
            "PUT",
            "containers/c\(pid)",
            ["Content-Type: application/json"],
            body: "{\"agent\":\"\(agent)\",\"pid\":\(pid)}"
        )
    }

    @Test func theEndOfAContainerIsRecordedAlthoughTheHookHasLeft() async throws {
        let machine = Machine()
        try await withServedSocket(.operatorSocket, processes: machine.table) { test, path in
            try await test.createAgent("web", with: [])
            for pid in 1...Int32(50) {
                #expect(try await exchange(Self.register(pid), at: path).hasPrefix("HTTP/1.1 200 "))
                machine.end(pid)
                let end = Self.request("DELETE", "containers/c\(pid)", ["Expect: 100-continue"], body: "{}")
                let descriptor = try connectedSocket(at: path)
                #expect(send(descriptor, end, end.utf8.count, Int32(MSG_NOSIGNAL)) == end.utf8.count)
                var answer = [UInt8](repeating: 0, count: 25)
                #expect(recv(descriptor, &answer, answer.count, Int32(MSG_WAITALL)) == answer.count)
                #expect(String(decoding: answer, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
                close(descriptor)
            }
            let deadline = ContinuousClock.now + .seconds(20)
            var left = ""
            repeat {
                left = try await exchange(Self.request("GET", "containers"), at: path)
            } while !left.hasSuffix("{\"containers\":[]}") && ContinuousClock.now < deadline
            #expect(left.hasSuffix("{\"containers\":[]}"))
        }
    }

    @Test func whatAHookAsksIsAnsweredAsEverythingIs() async throws {
        let machine = Machine()
        try await withServedSocket(.operatorSocket, processes: machine.table) { test, path in
            try await test.createAgent("web", with: [])
            let unknown = try await exchange(Self.register(1, as: "nobody"), at: path)
            #expect(unknown.hasPrefix("HTTP/1.1 404 "))
            #expect(unknown.lowercased().contains("\r\nconnection: close\r\n"))
            let known = try await exchange(Self.register(1), at: path)
            #expect(known.hasPrefix("HTTP/1.1 200 ") && known.contains("\"id\":\"c1\""))
            let running = try await exchange(Self.request("DELETE", "containers/c1"), at: path)
            #expect(running.contains("still runs"), "\(running)")
            let next = Self.register(2).replacing("Connection: close\r\n", with: "")
            let both = try await exchange(next + Self.request("GET", "containers"), at: path)
            #expect(both.components(separatedBy: "HTTP/1.1 200 ").count == 3, "\(both)")
        }
    }
}
