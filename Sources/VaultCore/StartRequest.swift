// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A process that is about to start asks for its environment.
package struct StartRequest: Sendable {
    /// What the wrapper sent as bearer; nil when it sent none.
    package var token: [UInt8]?
    /// The replica's stable name; a start of the same name replaces the one before.
    package var replica: String
    /// Unique to the start, so that a retry is the same start.
    package var startID: String
    /// Whether only a shell or a probe starts: same values, no instance.
    package var isSession: Bool
    /// Whether a supervisor stays with the process, says when it runs and when it ends, and waits for changes.
    package var isSupervised: Bool
    /// Who asks, where no token was sent and the kernel tells.
    package var peer: PeerProcess?
    /// The loopback port at which the wrapper forwards to the proxy; nil where it does not.
    package var forwardingPort: UInt16?

    package init(
        token: [UInt8]?,
        replica: String,
        startID: String,
        isSession: Bool,
        isSupervised: Bool = false,
        forwardingPort: UInt16? = nil,
        peer: PeerProcess? = nil
    ) {
        self.token = token
        self.replica = replica
        self.startID = startID
        self.isSession = isSession
        self.isSupervised = isSupervised
        self.peer = peer
        self.forwardingPort = forwardingPort
    }
}

/// The environment of a start, recorded before it is handed out.
package struct StartAnswer: Sendable {
    /// `NAME=value\0`, once for each attached entry, by name.
    package var environment: SharedSecret
    /// The id of the instance, or of nothing that is kept for a session.
    package var receipt: String
    /// Names that the wrapper would refuse and that this agent may receive.
    package var allowedNames: [String]
    /// Names whose values are no secrets, for a supervisor that masks the others; empty for any other start.
    package var readableNames: [String]
}
