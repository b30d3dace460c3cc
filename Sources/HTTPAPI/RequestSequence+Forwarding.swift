// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP2
internal import NIOHTTPTypesHTTP2
internal import VaultCore

/// Requests that are forwarded: the target's answer goes on piece by piece, as fast as the client takes it.
extension RequestSequence {
    /// Forwards a request: without a task where nothing but its target has to be waited for.
    func begin(_ carriage: Carriage, _ forwarding: any Forwarding) {
        guard let executor, let eventLoop = context?.eventLoop else { return }
        let head = carriage.head
        var passage = Passage(method: head.method.rawValue, fields: head.fields, peer: peer)
        passage.template = "(proxy)"
        do {
            try dispatcher.admit(&passage, head.fields)
            let request = ForwardedRequest(
                method: head.method.rawValue,
                path: head.path ?? "/",
                fields: framedFields(of: carriage),
                peer: passage.peer,
                body: carriage.body,
                executor: executor
            )
            let own = NIOLoopBound((sequence: self, carriage: carriage), eventLoop: eventLoop)
            let call = try Vault.$requestID.withValue(passage.requestID) {
                try forwarding.forwardNow(request) { [passage] answer in
                    own.value.sequence.answer(own.value.carriage, with: answer, passage)
                }
            }
            if let call { return carriage.call = call }
            run(carriage) { [passage] in await $0.carry(request, of: $1, forwarding, passage) }
        } catch {
            refuse(carriage, because: error, passage)
        }
    }

    /// Answers with what the target says, as far as that is there; what follows is waited for.
    private func answer(
        _ carriage: Carriage,
        with result: Result<any ForwardedAnswer, any Error>,
        _ passage: Passage
    ) {
        carriage.call = nil
        let answer: any ForwardedAnswer
        switch result {
        case .success(let said): answer = said
        case .failure(let error): return refuse(carriage, because: error, passage)
        }
        carriage.answer = answer
        guard !carriage.isForsaken else { return run(carriage) { await $0.abandon(answer, of: $1) } }
        let closes = begin(answer, of: carriage, passage)
        do {
            while context?.channel.isWritable == true, let part = try answer.nextNow() {
                switch part {
                case .bytes(let bytes): add(bytes)
                case .end(let trailers): return end(carriage, trailers: trailers, closes: closes)
                }
            }
        } catch {
            return abort(carriage)
        }
        run(carriage) { sequence, carriage in
            do {
                try await sequence.passRest(of: answer, of: carriage, closes: closes)
            } catch {
                await sequence.abandon(answer, of: carriage)
            }
        }
    }

    /// Ends an answer that cannot be ended in order: the connection is closed, and no answer looks whole that is not.
    private func abandon(_ answer: any ForwardedAnswer, of carriage: Carriage) async {
        await answer.abandon()
        abort(carriage)
    }

    /// Answers with what the target says.
    private func carry(
        _ request: ForwardedRequest,
        of carriage: Carriage,
        _ forwarding: any Forwarding,
        _ passage: Passage
    ) async {
        do {
            let answer = try await Vault.$requestID.withValue(passage.requestID) {
                try await forwarding.forward(request)
            }
            carriage.answer = answer
            try await pass(answer, of: carriage, passage)
        } catch let broken as BrokenAnswer {
            await abandon(broken.answer, of: carriage)
        } catch {
            refuse(carriage, because: error, passage)
        }
    }

    /// Answers in the place of a target.
    private func refuse(_ carriage: Carriage, because error: any Error, _ passage: Passage) {
        // Nobody is left to be told.
        guard !carriage.isForsaken, let context else { return abort(carriage) }
        var own = dispatcher.ownAnswer(
            to: (error as? ForwardingRefusal).map { APIFailure($0.body) } ?? error,
            passage
        )
        if own.status == .unauthorized { dispatcher.refused(passage) }
        own.fields.setOwn(passage)
        dispatcher.finish(passage, status: own.status)
        writer.begin(HTTPResponse(status: own.status, headerFields: own.fields), to: carriage.head, context)
        writer.add(own.body, context)
        end(carriage, trailers: nil, closes: carriage.closes)
    }

    /// The fields of a request, with how its body is framed where a stream only shows that there is one.
    private func framedFields(of carriage: Carriage) -> HTTPFields {
        var fields = carriage.head.fields
        if carrier == .stream, carriage.bodyBytes > 0 || !carriage.requestIsWhole, fields[.contentLength] == nil {
            fields[.transferEncoding] = "chunked"
        }
        return fields
    }

    /// An answer that cannot be ended in order.
    private struct BrokenAnswer: Error {
        let answer: any ForwardedAnswer
    }

    private func pass(_ answer: any ForwardedAnswer, of carriage: Carriage, _ passage: Passage) async throws {
        if answer.status == 101 { return try await tunnel(answer, of: carriage, passage) }
        let closes = begin(answer, of: carriage, passage)
        do {
            try await passRest(of: answer, of: carriage, closes: closes)
        } catch {
            throw BrokenAnswer(answer: answer)
        }
    }

    private func passRest(of answer: any ForwardedAnswer, of carriage: Carriage, closes: Bool) async throws {
        while true {
            guard !Task.isCancelled, !carriage.isForsaken else { throw CancellationError() }
            if context?.channel.isWritable == false { await untilWritable() }
            let part: ForwardedPart
            if let now = try answer.nextNow() {
                part = now
            } else {
                flush()
                part = try await answer.next()
            }
            switch part {
            case .bytes(let bytes): add(bytes)
            case .end(let trailers): return end(carriage, trailers: trailers, closes: closes)
            }
        }
    }

    /// Begins with the head; whether the connection ends with the answer.
    // Not a part of what waits, where all of it would be kept for as long as an answer takes.
    @inline(never)
    private func begin(_ answer: any ForwardedAnswer, of carriage: Carriage, _ passage: Passage) -> Bool {
        guard let context else { return true }
        let status = HTTPResponse.Status(code: answer.status)
        let length = answer.contentLength
        let closes =
            carriage.closes || writer.endsConnection(status, hasLength: length != nil, to: carriage.head)
        let head = AnswerWriter.PassedHead(
            status: status,
            answer: answer,
            contentLength: length,
            requestID: passage.requestID,
            closes: closes
        )
        dispatcher.finish(passage, status: status)
        writer.begin(head, to: carriage.head, context)
        return closes
    }

    /// Passes bytes on in both directions after an answer of 101, until either end leaves.
    // Its frame is large, and few answers need it.
    @inline(never)
    private func tunnel(
        _ answer: any ForwardedAnswer,
        of carriage: Carriage,
        _ passage: Passage
    ) async throws {
        do {
            guard let context, let executor else { throw ChannelError.ioOnClosedChannel }
            let status = HTTPResponse.Status(code: answer.status)
            var head = HTTPResponse(status: status, headerFields: answer.fields)
            head.headerFields[.requestID] = passage.requestID
            dispatcher.finish(passage, status: status)
            head.headerFields[.connection] = "Upgrade"
            head.headerFields[.upgrade] = "websocket"
            begin(head, to: carriage)
            flush()
            // Behind it nothing is read as a request any more.
            let ends = TunnelEnd(self)
            let operations = context.pipeline.syncOperations
            try operations.addHandler(ends, position: .before(operations.handler(type: ConnectionReader.self)))
            let said = newBody()
            carriage.said = said
            answer.carry(said, on: executor)
            while true {
                let part: ForwardedPart
                if let now = try answer.nextNow() {
                    part = now
                } else {
                    ends.flush()
                    part = try await answer.next()
                }
                guard case .bytes(let bytes) = part else { break }
                ends.write(bytes)
                if context.channel.isWritable == false { await untilWritable() }
                guard !Task.isCancelled else { throw CancellationError() }
            }
            ends.close()
        } catch {
            throw BrokenAnswer(answer: answer)
        }
    }

    private func abort(_ carriage: Carriage) {
        carriage.answer = nil
        // What came until then is the agent's: an answer that broke off is told from one that never began.
        flush()
        if carrier == .stream, context?.channel.isActive == true {
            let reset = NIOHTTP2FramePayloadToHTTPEvent.reset(code: .internalError)
            context?.triggerUserOutboundEvent(reset, promise: nil)
        } else {
            close()
        }
    }
}
