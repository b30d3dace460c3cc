// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// One run of the probe without the wrapper and one with it, from the same state.
struct BothWays {
    let bare: Child.Outcome
    let wrapped: Child.Outcome

    /// One server for hundreds of starts, to which nothing is attached; it lives as long as the test process.
    private static let shared = Result { try Scene(Answers.environment(), in: Probe.directory()) }

    init(
        _ arrangement: String = "plain",
        in directory: String = "/usr",
        _ arguments: [[UInt8]],
        environment: [[UInt8]] = []
    ) throws {
        let probe = try Probe.path()
        let scene = try BothWays.shared.get()
        bare = try Probe.start(arrangement, in: directory, probe, arguments, environment: environment).outcome()
        wrapped = try Probe.start(
            arrangement,
            in: directory,
            try Wrapper.path(),
            [[UInt8]("--"), [UInt8](probe)] + arguments,
            environment: environment + [scene.address, [UInt8]("ATTACHE_GATEWAY_TOKEN=" + Scene.token)]
        ).outcome()
    }

    init(_ arrangement: String = "plain", _ arguments: String...) throws {
        try self.init(arrangement, arguments.map { [UInt8]($0) })
    }

    /// Whether status, output and standard error are the same, byte for byte.
    func expectTheSame(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(wrapped.ending == bare.ending, sourceLocation: sourceLocation)
        #expect(wrapped.errors == bare.errors, sourceLocation: sourceLocation)
        // Line by line, so that a failure shows which.
        #expect(
            wrapped.text.split(separator: "\n") == bare.text.split(separator: "\n"),
            sourceLocation: sourceLocation
        )
        #expect(wrapped.output == bare.output, sourceLocation: sourceLocation)
    }
}
