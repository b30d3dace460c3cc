// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Signals while the wrapper waits for the server, and the namespaces that a container has.
struct SignalTests {
    @Test(arguments: [(SIGTERM, 143), (SIGINT, 130), (SIGHUP, 129)] as [(Int32, Int32)])
    func aSignalDuringTheFetchEndsItAtOnce(signal: Int32, status: Int32) throws {
        let scene = try Scene(.silence)
        let child = try scene.start(["--", "true"].map { [UInt8]($0) })
        #expect(scene.server.waitForRequests(1))
        let begin = ContinuousClock.now
        kill(child.pid, signal)
        #expect(try child.outcome().ending == .exit(status))
        #expect(ContinuousClock.now - begin < .seconds(10))
    }

    @Test func aSignalBetweenTwoAttemptsEndsItAtOnce() throws {
        let directory = try TemporaryDirectory()
        let token = try directory.write("gwt_a".utf8, to: "token")
        let watch = try TokenFileWatch(token)
        let environment = ["ATTACHE_ADDRESS=unix://\(directory.path)/none", "ATTACHE_GATEWAY_TOKEN_FILE=\(token)"]
        let child = try Wrapper.start(
            ["--", "/bin/true"].map { [UInt8]($0) },
            environment: environment.map { [UInt8]($0) }
        )
        #expect(watch.waitForReads(3))
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().ending == .exit(143))
    }

    @Test func anIgnoredSignalStaysIgnoredDuringTheFetch() throws {
        // "odd" ignores SIGINT and blocks SIGTERM, which still ends a fetch.
        let scene = try Scene(.silence)
        let arguments = ["--", "/bin/true"].map { [UInt8]($0) }
        let child = try Probe.start("odd", try Wrapper.path(), arguments, environment: [scene.address])
        #expect(scene.server.waitForRequests(1))
        let status = try String(contentsOfFile: "/proc/\(child.pid)/status", encoding: .utf8)
        let ignored = try #require(status.firstMatch(of: /SigIgn:\t([0-9a-f]+)/)?.output.1)
        #expect(try #require(UInt64(ignored, radix: 16)) & (1 << UInt64(SIGINT - 1)) != 0)
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().ending == .exit(143))
    }

    @Test(.enabled(if: Namespaces.command(for: "--pid --fork") != nil, "no new pid namespace is permitted here"))
    func aSignalDuringTheFetchEndsItAsTheFirstProcessToo() throws {
        let unshare = try #require(Namespaces.command(for: "--pid --fork"))
        let scene = try Scene(.silence)
        let arguments = unshare + [try Wrapper.path(), "--", "/bin/true"]
        let child = try Child(arguments[0], arguments: arguments.map { [UInt8]($0) }, environment: [scene.address])
        #expect(scene.server.waitForRequests(1))
        let peer = try #require(scene.server.requests.first?.peer)
        let status = try String(contentsOfFile: "/proc/\(peer)/status", encoding: .utf8)
        #expect(status.contains(/NSpid:.*\t1\n/))
        let begin = ContinuousClock.now
        kill(peer, SIGTERM)
        #expect(try child.outcome().ending == .exit(143))
        #expect(ContinuousClock.now - begin < .seconds(10))
    }
}

/// How this machine lets a test make namespaces.
enum Namespaces {
    /// `unshare` with these flags, as root or with a user namespace of its own; nil where neither is permitted.
    static func command(for flags: String) -> [String]? {
        let words = flags.split(separator: " ").map(String.init)
        return [["/usr/bin/unshare"], ["/usr/bin/unshare", "--user", "--map-root-user"]].lazy.map { $0 + words }.first {
            let trial = try? Child($0[0], arguments: ($0 + ["/bin/true"]).map { [UInt8]($0) }, environment: [])
            return (try? trial?.outcome().ending) == .exit(0)
        }
    }
}
