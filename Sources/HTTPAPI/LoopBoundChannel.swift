// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// Answers the requests of a connection on the event loop that reads and writes it.
///
/// A start that went to another thread and back after every step would spend more time on waking threads than on its
/// work. What blocks never runs here: the store has threads of its own.
struct LoopBoundChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: Base.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopTaskExecutor(eventLoop: value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}

/// Puts a ``ForwardingGate`` before the framework, so that what is forwarded never goes through it; with `dates`, which
/// the answers are dated by, a ``HookGate`` too.
struct GatedChannel: ServerChildChannel {
    let base: HTTP1Channel
    let dispatcher: Dispatcher
    var dates: DateField?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            // After what counts requests: a connection with one under way is not idle.
            let counts = try pipeline.handler(type: HTTPConnectionStateHandler.self)
            if let dates {
                let answers = WholeAnswers(dispatcher: dispatcher, dates: dates, logger: logger)
                try pipeline.addHandler(HookGate(answers), position: .after(counts))
            }
            guard let forwarding = dispatcher.forwarding else { return value }
            try pipeline.addHandler(ForwardingGate(dispatcher, forwarding), position: .after(counts))
            return value
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

/// An event loop as the preferred executor of a task (SE-0417).
final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
