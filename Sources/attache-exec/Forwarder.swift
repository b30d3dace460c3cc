// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// `--forward PORT`: passes requests to the proxy on from a port of 127.0.0.1, so that a program needs no route to the
/// server and no library that knows Unix sockets.
///
/// A process of its own beside the supervisor, that waits for connections and nothing else. It adds no token: the
/// proxy's is in the request as the program sends it. What it holds does not grow with what is sent.
struct Forwarder {
    private let listener: Int32
    private let server: Server
    private var passages: [Passage] = []

    /// Further connections wait until one of these has ended.
    private static let limit = 256

    init(port: Int, to server: Server) throws(Failure) {
        guard server.isOnThisMachine else {
            let message: Message = "--forward leads to a socket; to an https server programs go by its --agent-url"
            throw Failure(code: "forward_refused", message: message)
        }
        listener = ckernel_forward_listen(UInt16(port))
        guard listener >= 0 else {
            throw Failure(code: "forward_refused", message: "127.0.0.1:\(port): \(Message(error: -listener))")
        }
        self.server = server
    }

    /// Serves until the process is ended.
    mutating func run() -> Never {
        while true {
            var watched = [
                ckernel_watched(fd: passages.count < Forwarder.limit ? listener : -1, events: Int16(POLLIN), revents: 0)
            ]
            var deadline = Int64.max
            for passage in passages {
                let ends = passage.watched
                watched.append(ends.0)
                watched.append(ends.1)
                deadline = min(deadline, passage.deadline)
            }
            let count = watched.count
            watched.withUnsafeMutableBufferPointer { buffer in
                if let start = buffer.baseAddress { ckernel_forward_wait(start, count, deadline) }
            }
            let now = ckernel_exec_now()
            for position in passages.indices.reversed() {
                let isReady = watched[position * 2 + 1].revents != 0 || watched[position * 2 + 2].revents != 0
                guard isReady || passages[position].deadline <= now else { continue }
                if passages[position].deadline > now, passages[position].advance(to: server) { continue }
                passages[position].close()
                passages.remove(at: position)
            }
            if watched[0].revents != 0 { accept() }
        }
    }

    private mutating func accept() {
        let client = ckernel_forward_accept(listener)
        if client >= 0 { passages.append(Passage(client: client)) }
        // Without descriptors or memory the listener stays ready: no reason to turn in circles.
        if client == -EMFILE || client == -ENFILE || client == -ENOMEM || client == -ENOBUFS { ckernel_exec_sleep(50) }
    }
}
