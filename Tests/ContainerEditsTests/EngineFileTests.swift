// SPDX-License-Identifier: Apache-2.0

import ContainerEdits
import Foundation
import Testing

struct EngineFileTests {
    private static let daemonFiles = [
        "{}", "{\n}\n", "{\n    \"log-driver\": \"journald\"\n}\n",
        "{\"runtimes\": {\"x\": {\"path\": \"/x\"}}, \"debug\": true}",
        "{\n  \"debug\": true,\n  \"runtimes\": {\n    \"x\": {\"path\": \"/x\"}\n  },\n  \"max\": 1.50\n}\n",
    ]

    @Test(arguments: daemonFiles)
    func dockersFileIsAsItWasWhenTheRuntimeIsRemoved(text: String) throws {
        let installed = try DockerDaemonFile.installing("/usr/local/bin/attache-runtime", in: Array(text.utf8))
        #expect(try DockerDaemonFile.runtime(in: installed) == "/usr/local/bin/attache-runtime")
        #expect(try DockerDaemonFile.installing("/usr/local/bin/attache-runtime", in: installed) == installed)
        let removed = try #require(try DockerDaemonFile.removing(from: installed))
        #expect(String(decoding: removed, as: UTF8.self) == text)
        #expect(try DockerDaemonFile.removing(from: removed) == nil)
    }

    @Test func dockersFileIsMadeWhereThereIsNone() throws {
        let made = try DockerDaemonFile.installing("/a\"b", in: nil)
        #expect(try DockerDaemonFile.runtime(in: made) == "/a\"b")
        #expect(try DockerDaemonFile.installing("/a\"b", in: Array(" \n".utf8)) == made)
    }

    @Test func aRuntimeThatMovedIsReplaced() throws {
        let old = try DockerDaemonFile.installing("/old", in: Array(Self.daemonFiles[4].utf8))
        let new = try DockerDaemonFile.installing("/new", in: old)
        #expect(try DockerDaemonFile.runtime(in: new) == "/new")
        #expect(!String(decoding: new, as: UTF8.self).contains("/old"))
    }

    @Test(arguments: ["{", "[]", "{\"runtimes\": []}", "{\"runtimes\": null}", "{\"Runtimes\": {}}"])
    func aFileOfDockersThatIsNotUnderstoodIsRefused(text: String) {
        #expect(throws: ContainerEditError.self) { try DockerDaemonFile.installing("/r", in: Array(text.utf8)) }
    }

    @Test func podmansFileNamesTheProgram() {
        let text = PodmanHookFile.text(hook: "/opt/attache-hook", settings: "/opt/hook.json")
        #expect(PodmanHookFile.hook(in: Array(text.utf8)) == "/opt/attache-hook")
        #expect(text.contains("[\"attache-hook\", \"precreate\", \"--config\", \"/opt/hook.json\"]"))
        #expect(PodmanHookFile.hook(in: Array("{\"hook\": {\"path\": \"/other\"}}".utf8)) == nil)
    }

    /// containerd's default runtime is one that its file names, as soon as that names any.
    @Test(arguments: [
        ("version = 2\n", 1), ("version = 3\n", 1),
        ("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.crun]\n", 0),
    ])
    func runcStaysTheDefaultOfAFileThatNamesNoRuntime(text: String, count: Int) throws {
        let installed = try ContainerdFile.installing("/r", in: text)
        #expect(installed.components(separatedBy: ".containerd.runtimes.runc]\n").count - 1 == count)
        #expect(installed.components(separatedBy: ".containerd.runtimes.attache]\n").count == 2)
        #expect(try ContainerdFile.removing(from: installed) == text)
    }

    private static let configurations = [
        "version = 2\n", "# nothing\nversion = 2\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\"]\n",
        "version = 3\nroot = \"/x\"\n",
    ]

    @Test(arguments: configurations)
    func containerdsFileIsAsItWasWhenTheRuntimeIsRemoved(text: String) throws {
        let installed = try ContainerdFile.installing("/usr/local/bin/attache-runtime", in: text)
        #expect(ContainerdFile.runtime(in: installed) == "/usr/local/bin/attache-runtime")
        #expect(installed.contains("io.containerd.cri.v1.runtime") == text.contains("version = 3"))
        #expect(try ContainerdFile.installing("/usr/local/bin/attache-runtime", in: installed) == installed)
        #expect(try ContainerdFile.removing(from: installed) == text)
    }

    @Test func theDriverOfControlGroupsIsTheOneOfTheFile() throws {
        #expect(
            try ContainerdFile.installing("/r", in: "version = 2\nSystemdCgroup = true\n").split(separator: "\n").count
            { $0.contains("SystemdCgroup = true") } == 2
        )
        #expect(try !ContainerdFile.installing("/r", in: nil).contains("SystemdCgroup"))
    }

    @Test(arguments: [
        ("root = \"/x\"\n", ContainerdFileError.versionMissing), ("version = 4\n", .versionUnknown(4)),
        ("version = 2\n[plugins.x.containerd.runtimes.attache]\n", .runtimeTaken),
        ("version = 2\n# attache: begin\n", .markMissing),
    ])
    func aFileOfContainerdsThatIsNotUnderstoodIsRefused(text: String, expected: ContainerdFileError) {
        #expect(throws: expected) { try ContainerdFile.installing("/r", in: text) }
    }
}

struct CDISpecificationTests {
    @Test func eachAgentIsADevice() throws {
        let devices = [
            CDISpecification.Device(agent: "web", id: "id-1"), CDISpecification.Device(agent: "my bot", id: "id-2"),
            CDISpecification.Device(agent: "-x", id: "id-3"),
        ]
        #expect(devices.map(\.name) == ["web", "id-2", "id-3"])
        let text = try CDISpecification.text(devices, workspace: "team", places: BundleEditTests.places)
        let root = try #require(JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
        #expect(root["cdiVersion"] as? String == "0.5.0")
        #expect(root["kind"] as? String == "attache.dev/agent")
        let edits = try #require(root["containerEdits"] as? [String: Any])
        #expect(edits["env"] as? [String] == ["ATTACHE_ADDRESS=unix:///.attache/run/agent.sock"])
        let list = try #require(root["devices"] as? [[String: Any]])
        #expect(list.map { $0["name"] as? String } == ["web", "id-2", "id-3"])
        #expect(
            String(decoding: text, as: UTF8.self).contains(
                #"["attache-hook","register","--workspace","team","--agent","id-2"]"#
            )
        )
    }
}
