// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore

/// What the routes say to the requests of a listener, with the time at which they say it.
struct DatedAnswers: Sendable {
    let dispatcher: Dispatcher
    private let logger: Logger
    private let dates = DateField()

    init(_ dispatcher: Dispatcher, logger: Logger) {
        self.dispatcher = dispatcher
        self.logger = logger
    }

    /// The dispatcher answers every error; with `refusal` it answers nothing else.
    func response(
        to request: Request,
        on channel: any Channel,
        refusing refusal: APIFailure? = nil
    ) async -> Response {
        let source = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var response = await dispatcher.respond(to: request, context: source, refusing: refusal)
        response.headers[.date] = dates.now
        return response
    }
}
