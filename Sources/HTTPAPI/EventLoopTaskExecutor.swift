// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// An event loop as the preferred executor of a task (SE-0417).
///
/// A request that went to another thread and back after every step would spend more time on waking threads than on its
/// work. What blocks never runs here: the store has threads of its own.
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
