// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// One connection of a program in the container, and the one to the server that belongs to it.
///
/// Carries one request and its answer, both ways at once and each as fast as its slower end, and never waits.
struct Passage {
    private enum Phase {
        /// The head of the request has not come whole.
        case head
        case open
        /// The answer has been sent. What still comes is dropped: closed at once, the answer could be lost with it.
        case over
    }

    private let client: Int32
    private var server: Int32 = -1
    private var toServer = Flow()
    private var toClient = Flow()
    private var phase = Phase.head
    private var hasToldEnd = false
    private var hasToldClose = false
    /// When it ends whatever it waits for.
    private(set) var deadline: Int64

    private static let headLimit: Int64 = 30_000
    private static let farewellLimit: Int64 = 5_000
    private static let connectLimit: Int64 = 1_000

    init(client: Int32) {
        self.client = client
        deadline = ckernel_exec_now() + Passage.headLimit
    }

    func close() {
        ckernel_exec_close(client)
        if server >= 0 { ckernel_exec_close(server) }
        toServer.free()
        toClient.free()
    }

    /// What it waits for at each end; an end of which nothing is waited for is left out, or its end would wake for ever.
    var watched: (ckernel_watched, ckernel_watched) {
        var atClient: Int32 = toClient.isEmpty ? 0 : POLLOUT
        if phase == .over || toServer.canTake { atClient |= POLLIN }
        var atServer: Int32 = toServer.isEmpty ? 0 : POLLOUT
        if toClient.canTake { atServer |= POLLIN }
        return (
            ckernel_watched(fd: atClient == 0 ? -1 : client, events: Int16(atClient), revents: 0),
            ckernel_watched(fd: atServer == 0 ? -1 : server, events: Int16(atServer), revents: 0)
        )
    }

    /// Does what can be done now; false where it is over.
    mutating func advance(to place: Server) -> Bool {
        if phase == .head, !readHead(place) { return false }
        if phase == .open, !exchange() { return false }
        return phase != .over || sayFarewell()
    }

    private mutating func readHead(_ place: Server) -> Bool {
        guard toServer.fill(from: client) else { return false }
        let text = toServer.text
        for end in 0..<max(0, text.count - 3) where Start.endsHead(text.cString + end) {
            do throws(ForwardRefusal) {
                let head = try ForwardedHead(text[0..<end])
                let limit = ckernel_exec_now() + Passage.connectLimit
                guard let server = try? place.descriptor(until: limit) else { throw .unreachable }
                self.server = server
                ckernel_forward_unblock(server)
                toServer.replaceFirst(end + 4, by: head.bytes)
                (phase, deadline) = (.open, Int64.max)
            } catch {
                refuse(error)
            }
            return true
        }
        guard !toServer.hasEnded else { return false }
        if !toServer.canTake { refuse(.tooLarge) }
        return true
    }

    /// Moves bytes until neither side has more, or room for more.
    private mutating func exchange() -> Bool {
        // What nobody reads any more is dropped; an answer may have come before.
        if !toServer.fill(from: client) || !toClient.fill(from: server) { return false }
        sayThatItCloses()
        if !toServer.drain(into: server) { toServer.abandon() }
        guard toClient.drain(into: client) else { return false }
        if toServer.hasEnded, toServer.isEmpty, !hasToldEnd {
            hasToldEnd = true
            ckernel_forward_end_sending(server)
        }
        if toClient.hasEnded, toClient.isEmpty { end() }
        return true
    }

    /// A client that keeps connections must know that this one is not kept.
    private mutating func sayThatItCloses() {
        guard !hasToldClose, !toClient.isEmpty else { return }
        hasToldClose = true
        let text = toClient.text
        guard let line = text.index(of: 0x0A), text.hasPrefix("HTTP/1."), !text[0..<line].hasPrefix("HTTP/1.1 1") else {
            return
        }
        toClient.replaceFirst(line + 1, by: Array(text[0..<line + 1].bytes) + Array("Connection: close\r\n".utf8))
    }

    private mutating func refuse(_ refusal: ForwardRefusal) {
        toServer.abandon()
        toClient.replaceFirst(0, by: refusal.bytes)
        toClient.finish()
        (phase, deadline) = (.open, ckernel_exec_now() + Passage.farewellLimit)
    }

    private mutating func end() {
        if server >= 0 { ckernel_exec_close(server) }
        server = -1
        ckernel_forward_end_sending(client)
        (phase, deadline) = (.over, ckernel_exec_now() + Passage.farewellLimit)
    }

    private mutating func sayFarewell() -> Bool {
        var sink = Flow()
        defer { sink.free() }
        return sink.fill(from: client) && !sink.hasEnded
    }
}
