// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// When a connection of HTTP/1.1 ends without a request that ends it: after a long silence, and when the server stops.
extension RequestSequence {
    /// Closes the connection where nothing comes of it for as long as `idle`, unless an answer takes that long.
    ///
    /// One timer for many rests: it looks again where something came meanwhile.
    func watchSilence() {
        guard let idle, let eventLoop = context?.eventLoop else { return }
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        alarm = eventLoop.scheduleTask(deadline: lastHeard + idle) {
            let sequence = own.value
            if sequence.isAnswering {
                sequence.lastHeard = eventLoop.now
            } else if sequence.lastHeard + idle <= eventLoop.now {
                return sequence.close()
            }
            sequence.watchSilence()
        }
    }

    /// Closes the connection after the answers to what was read, each of which the kernel has by then.
    func leaveAfterAnswers() {
        guard carrier == .connection else { return }
        isLeaving = true
        endIfLeaving()
        closeIfDone()
    }
}
