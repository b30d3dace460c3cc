// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// What the server has to say about a running instance (docs/formats/start-protocol.md).
enum Change {
    case none
    /// Newer values: what to call the environment from now on, and the names that differ.
    case values(environment: Text, names: Text)
    case restart
    /// Nothing will be told any more.
    case over(Failure)
    /// No answer, or one that can pass.
    case unknown(Failure)
}

extension Start {
    /// Waits for a change to the instance of `receipt`.
    mutating func change(of receipt: Text, seen: Text) -> Change {
        do throws(Failure) {
            // Longer where the kernel tells at once that the other end is gone.
            let seconds = server.isOnThisMachine ? 300 : 60
            let wait = Text(number: seconds)
            let path = Text(joining: [receipt, "/changes?wait=", wait, seen.isEmpty ? "" : "&seen=", seen])
            let deadline = ckernel_exec_now() + Int64(seconds + 30) * 1000
            let head = try ask("GET", path, until: deadline)
            guard head.status == 204 else {
                let failure = ServerError.failure(head)
                // A token that does not work now may be replaced in its file.
                let isOver = head.status != 401 && head.status != 429 && head.status < 500
                return isOver ? .over(failure) : .unknown(failure)
            }
            switch head["attache-change"] ?? "" {
            case "values":
                return .values(
                    environment: head["attache-environment"] ?? "",
                    names: head["attache-changed-names"] ?? ""
                )
            case "restart": return .restart
            default: return .none
            }
        } catch {
            return .unknown(error)
        }
    }

    /// Says that the process of `receipt` has ended, as far as it can be said in a second.
    mutating func end(_ receipt: Text) {
        if !receipt.isEmpty { _ = try? ask("DELETE", receipt, until: ckernel_exec_now() + 1000) }
    }

    /// Sends one request about a start that was made and returns the head of its answer.
    private mutating func ask(_ method: Text, _ path: Text, until deadline: Int64) throws(Failure) -> AnswerHead {
        var request = StartRequest(to: server.host, method, path)
        try request.authorize(with: &token, until: deadline)
        let connection = try server.connect(until: min(deadline, ckernel_exec_now() + 10_000))
        let sent = request.send(over: connection, until: deadline)
        guard sent == 0 else { throw server.failure(-sent) }
        var filled = 0
        while filled < Start.headCapacity {
            let got = connection.read(into: received + filled, Start.headCapacity - filled, until: deadline)
            guard got > 0 else { throw server.failure(got < 0 ? Int32(-got) : ECONNRESET) }
            filled += Int(got)
            for end in 0..<max(0, filled - 3) where Start.endsHead(received + end) {
                let text = Text(UnsafeBufferPointer(start: received, count: end))
                guard let head = AnswerHead(text) else { throw Answer.invalid("its head is not HTTP/1.1") }
                return head
            }
        }
        throw Answer.invalid("its head is too long")
    }
}
