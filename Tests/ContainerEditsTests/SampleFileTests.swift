// SPDX-License-Identifier: Apache-2.0

import ContainerEdits
import Foundation
import Testing

/// The files of the folder `hooks` are what is written on a machine where everything lies in its usual place.
struct SampleFileTests {
    private func sample(_ path: String) throws -> String {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../hooks/\(path)")
        return try String(contentsOf: file, encoding: .utf8)
    }

    @Test func theDeviceOfAnAgentIsTheSample() throws {
        let device = CDISpecification.Device(agent: "web", id: "01a203ec-f7d8-7000-8011-ec752bb6de38")
        let text = try CDISpecification.text([device], workspace: nil, places: BundleEditTests.places)
        #expect(try sample("cdi/\(CDISpecification.fileName)") == String(decoding: text, as: UTF8.self))
    }

    @Test func dockersFileIsTheSample() throws {
        let text = try DockerDaemonFile.installing("/usr/local/bin/attache-runtime", in: nil)
        #expect(try sample("docker/daemon.json") == String(decoding: text, as: UTF8.self))
    }

    @Test func podmansFileIsTheSample() throws {
        let text = PodmanHookFile.text(hook: "/usr/local/bin/attache-hook", settings: nil)
        #expect(try sample("oci/\(PodmanHookFile.name)") == text)
    }
}
