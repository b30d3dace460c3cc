// SPDX-License-Identifier: Apache-2.0

import ContainerEdits
import Testing

struct HookInputTests {
    @Test(
        arguments: [
            (["create", "--bundle", "/b", "--pid-file", "/p", "abc"], "create", "/b", "abc"),
            (
                ["--root", "/r", "--log", "/l", "--log-format", "json", "create", "--bundle=/b", "abc"], "create", "/b",
                "abc"
            ),
            (
                ["--root=/r", "--systemd-cgroup", "create", "-b", "/b", "--console-socket", "/c", "abc"], "create",
                "/b", "abc"
            ),
            (["--cgroup-manager", "cgroupfs", "--debug", "run", "-d", "abc"], "run", nil, "abc"),
            (["exec", "--process", "/p", "abc", "create"], "exec", nil, "/p"), (["--version"], nil, nil, nil),
            (["--rootless", "true", "create", "--no-pivot", "abc"], "create", nil, "abc"),
        ] as [([String], String?, String?, String?)]
    )
    func aCommandLineIsReadAsRuncAndCrunReadIt(
        arguments: [String],
        command: String?,
        bundle: String?,
        container: String?
    ) {
        let invocation = RuntimeInvocation(arguments)
        #expect(invocation.command == command)
        #expect(invocation.bundle == bundle)
        #expect(invocation.container == container)
        #expect(invocation.makesContainer == (command == "create" || command == "run"))
    }

    @Test(arguments: [["--pid-file", "/p"], ["--pid-file=/p"], ["-pid-file", "/p"]])
    func theFileOfThePidIsTheOneOfTheCommand(flag: [String]) {
        #expect(RuntimeInvocation(["--root", "/r", "create"] + flag + ["abc"]).pidFile == "/p")
        #expect(RuntimeInvocation(["create", "abc"]).pidFile == nil)
    }

    @Test(arguments: [["--root", "/r"], ["--root=/r"]])
    func theRootIsTheOneOfTheWholeRuntime(flag: [String]) {
        #expect(RuntimeInvocation(flag + ["create", "abc"]).root == "/r")
        #expect(RuntimeInvocation(["create"] + flag + ["abc"]).root == nil)
    }

    @Test func theLogIsTheOneOfTheWholeRuntime() {
        let invocation = RuntimeInvocation(["--log", "/l", "--log-format=json", "create", "x"])
        #expect(invocation.log == "/l")
        #expect(invocation.isLogJSON)
        #expect(RuntimeInvocation(["create", "--help"]).makesContainer == false)
    }

    @Test(
        arguments: [
            (#"{"ociVersion":"1.0","id":"abc","status":"created","pid":12,"root":"\/x"}"#, 12),
            (#"{"id":"abc","pid":0}"#, nil),
            (#"{"id":"abc"}"#, nil),
        ] as [(String, Int?)]
    )
    func aStateTellsIDAndPID(text: String, pid: Int?) throws {
        let state = try ContainerState(Array(text.utf8))
        #expect(state.id == "abc")
        #expect(state.pid == pid)
    }

    @Test(arguments: ["", "{}", #"{"id":""}"#, #"{"id":"a/b"}"#, #"{"id":".."}"#, #"{"id":7}"#])
    func aStateWithoutAnIDIsRefused(text: String) {
        #expect(throws: ContainerEditError.self) { try ContainerState(Array(text.utf8)) }
    }

    @Test func settingsThatWereWrittenAreRead() throws {
        var settings = HookSettings()
        settings.socket = "/x/\"q\".sock"
        settings.runtime = "/usr/bin/crun"
        #expect(try HookSettings(Array(settings.text.utf8)) == settings)
        #expect(try HookSettings(Array("{}".utf8)) == HookSettings())
    }

    @Test(arguments: ["", "[]", #"{"sokcet":"/x"}"#, #"{"socket":"relative"}"#, #"{"runtime":1}"#])
    func settingsThatAreWrongAreRefused(text: String) {
        #expect(throws: HookSettingsError.self) { try HookSettings(Array(text.utf8)) }
    }
}
