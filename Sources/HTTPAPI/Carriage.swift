// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes

/// A request of a ``RequestSequence`` and how far its answer has come.
///
/// Touched on the event loop of its connection only.
final class Carriage {
    let head: RequestHead
    let body: ForwardedBody
    /// What answers it where it is forwarded.
    private(set) var forwarding: (any Forwarding)?
    /// Whether anything was done for it.
    var hasBegun = false
    var task: Task<Void, Never>?
    /// What its target is asked without a task.
    var call: (any ForwardedCall)?
    /// Nobody waits for the answer any more.
    var isForsaken = false
    var answer: (any ForwardedAnswer)?
    var requestIsWhole = false
    var bodyBytes = 0
    var bodyIsFull = false
    /// Answers it in the place of its route, and is the last answer of the connection.
    var refusal: APIFailure?
    var isAnswered = false
    /// Whether its answer said that no other follows.
    var isLast = false
    /// What the agent says over a WebSocket.
    var said: ForwardedBody?

    init(_ head: RequestHead, _ body: ForwardedBody, forwarding: (any Forwarding)?) {
        self.head = head
        self.body = body
        self.forwarding = forwarding
    }

    /// Nothing was done of it yet, and its bytes are those of no request.
    func refuse() {
        forwarding = nil
        refusal = APIFailure(.invalidRequest, "the bytes are no HTTP request")
    }

    /// Whether its answer is the last of the connection.
    var closes: Bool { refusal != nil || head.isLast }
}
