// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// One event loop, as connections of agents have it.
final class LoopExecutor: TaskExecutor {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
