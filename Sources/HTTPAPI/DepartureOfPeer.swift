// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Synchronization
internal import VaultCore

/// Ends what a connection waits for when its peer goes away.
///
/// A request that waits writes nothing, so nothing else would notice before the wait is over: and until then an
/// instance that is gone would be shown as running.
final class DepartureOfPeer: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = RequestPart

    private struct State {
        var hasDeparted = false
        var wait: ChangeWait?
        var call: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Ends `wait` when the peer departs, at once where it has; the wait of an earlier request is forgotten.
    func ends(_ wait: ChangeWait?) {
        let hasDeparted = state.withLock { state in
            state.wait = wait
            return state.hasDeparted
        }
        if hasDeparted { wait?.end(.departed) }
    }

    /// Calls `call` when the peer departs, at once where it has; that of an earlier request is forgotten.
    func calls(_ call: (@Sendable () -> Void)?) {
        let hasDeparted = state.withLock { state in
            state.call = call
            return state.hasDeparted
        }
        if hasDeparted { call?() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as ChannelEvent where event == .inputClosed: depart()
        // Also where the task that waits was not made by the server's own.
        case is ChannelShouldQuiesceEvent: state.withLock { $0.wait }?.end(.stopping)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        depart()
        context.fireChannelInactive()
    }

    private func depart() {
        let (wait, call) = state.withLock { state in
            state.hasDeparted = true
            return (state.wait, state.call)
        }
        wait?.end(.departed)
        call?()
    }
}
