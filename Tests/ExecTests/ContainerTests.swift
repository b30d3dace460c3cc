// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What containers are like: no files but two programs, nothing writable, no user database, the first process.
struct ContainerTests {
    private static let path = [UInt8]("PATH=/usr/sbin:/usr/bin:/sbin:/bin")

    /// No libc, `/etc`, `/proc`, `/dev`, `/tmp`; as root, and as a user that no file names.
    @Test(
        .enabled(if: Namespaces.command(for: "--mount") != nil, "no new mount namespace is permitted here"),
        arguments: ["0:0", "65534:65534"]
    )
    func aReadOnlyRootWithNothingInItIsEnough(user: String) throws {
        // A user namespace of the test's own has one user only.
        if getuid() != 0, user != "0:0" { return }
        let unshare = try #require(Namespaces.command(for: "--mount"))
        let scene = try Scene(Answers.environment("A=1"))
        let root = scene.directory.path
        chmod(root, 0o755)
        chmod(scene.socket, 0o666)
        try scene.directory.install(try Wrapper.path(), as: "attache-exec")
        try scene.directory.install(try Probe.path(), as: "probe")
        let script = """
            mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! (: > "$0/x") 2>/dev/null && cd "$0" \\
            && exec env -i ATTACHE_ADDRESS=unix:///s "$(command -v chroot)" --userspec="$1" "$0" \\
            /attache-exec -- /probe environment
            """
        let arguments = unshare + ["sh", "-c", script, root, user]
        let child = try Child(arguments[0], arguments: arguments.map { [UInt8]($0) }, environment: [Self.path])
        let outcome = try child.outcome()
        #expect(outcome.errors == "")
        #expect(outcome.strings == [[UInt8]("A=1")])
    }

    @Test(
        .enabled(if: Namespaces.command(for: "--pid --fork") != nil, "no new pid namespace is permitted here"),
        arguments: [["pid"], ["exit", "7"], ["catch", "15"], ["kill", "9"]]
    )
    func theFirstProcessOfANamespaceIsTheSameBareAndWrapped(command: [String]) throws {
        let unshare = try #require(Namespaces.command(for: "--pid --fork"))
        let scene = try Scene(Answers.environment())
        let probe = [try Probe.path()] + command
        let bare = unshare + probe
        let wrapped = unshare + [try Wrapper.path(), "--"] + probe
        let expected = try Child(bare[0], arguments: bare.map { [UInt8]($0) }, environment: []).outcome()
        let outcome =
            try Child(wrapped[0], arguments: wrapped.map { [UInt8]($0) }, environment: [scene.address]).outcome()
        #expect(outcome.ending == expected.ending)
        #expect(outcome.output == expected.output)
        #expect(outcome.errors == expected.errors)
        if command == ["pid"] { #expect(outcome.text == "1") }
        #expect(scene.server.requests.count == 1)
    }

    /// Every system call of a start, against those that Docker's and containerd's default profile permits everywhere.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "strace is not installed"))
    func aStartMakesFewSystemCallsAndOpensNothingForWriting() throws {
        let scene = try Scene(Answers.environment("A=1", "KEY=2"))
        let token = try scene.directory.write("gwt_a".utf8, to: "token")
        let trace = scene.directory.path + "/trace"
        let wrapper = try Wrapper.path()
        let arguments = ["strace", "-qq", "-o", trace, wrapper, "--file=KEY", "--map=A=B", "--", "/bin/true"]
        let environment = [scene.address, [UInt8]("ATTACHE_GATEWAY_TOKEN_FILE=\(token)")]
        let child = try Child("/usr/bin/strace", arguments: arguments.map { [UInt8]($0) }, environment: environment)
        let outcome = try child.outcome()
        try #require(outcome.ending == .exit(0), "\(outcome.errors)")
        // Up to the second execve(2), which is the command's.
        let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
        let end = try #require(lines.lastIndex { $0.hasPrefix("execve(\"/bin/true\"") })
        let own = lines[..<end]
        let calls = Set(own.compactMap { $0.firstMatch(of: /^([a-z0-9_]+)\(/).map { String($0.output.1) } })
        let permitted: Set = [
            "arch_prctl", "brk", "close", "connect", "execve", "exit_group", "faccessat", "faccessat2", "fchmod",
            "fcntl",
            "fstat", "getegid", "geteuid", "getgid", "getrandom", "getuid", "lseek", "memfd_create", "mmap", "mprotect",
            "munmap", "newfstatat", "open", "openat", "poll", "prctl", "prlimit64", "read", "readlink", "recvfrom",
            "rseq", "rt_sigaction", "rt_sigprocmask", "sendto", "set_robust_list", "set_tid_address", "setsockopt",
            "socket", "stat", "uname", "write",
        ]
        #expect(calls.subtracting(permitted) == [])
        #expect(calls.isSuperset(of: ["connect", "memfd_create"]))
        let writing = own.filter { $0.hasPrefix("open") && $0.contains(/O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)/) }
        #expect(writing == [])
    }
}
