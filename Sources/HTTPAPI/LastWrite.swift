// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

extension ChannelHandlerContext {
    /// Writes the last that a connection is sent, and closes it when the kernel has all of it.
    func writeLast(_ data: NIOAny) {
        let written = eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.close(promise: nil) }
        writeAndFlush(data, promise: written)
    }
}
