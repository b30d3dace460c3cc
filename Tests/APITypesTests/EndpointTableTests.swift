// SPDX-License-Identifier: Apache-2.0

import APITypes
import Testing

struct EndpointTableTests {
    @Test(arguments: Operation.allCases)
    func everyOperationHasOneEndpoint(operation: Operation) {
        #expect(Endpoint.all.count { $0.operation == operation } == 1)
    }

    @Test func noTwoEndpointsAreTheSameMethodOfTheSamePath() {
        let places = Endpoint.all.map { endpoint in
            "\(endpoint.method.rawValue) \(endpoint.segments.map { $0.form }.joined(separator: "/"))"
        }
        #expect(Set(places).count == places.count)
    }

    @Test(arguments: ErrorCode.allCases.filter { $0 != .methodNotAllowed })
    func everyCodeBelongsToAnEndpoint(code: ErrorCode) {
        #expect(Endpoint.all.contains { $0.errors.contains(code) } || ErrorCode.ofProxy.contains(code))
    }

    @Test func onlyAMethodThatNoEndpointHasIsNotAllowed() {
        #expect(!Endpoint.all.contains { $0.errors.contains(.methodNotAllowed) })
    }

    /// A start has an id of its own, a test of a key changes nothing, and what is proven by a password cannot be answered to who only repeats it.
    @Test(
        arguments: Endpoint.all.filter {
            $0.method == .post && ![.start, .testCredential].contains($0.operation) && $0.access != .proof
        }.map(\.operation)
    )
    func everyPostThatATokenAuthorizesMayBeRepeatedSafely(operation: Operation) throws {
        let endpoint = try #require(Endpoint.all.first { $0.operation == operation })
        #expect(endpoint.parameters.contains { $0.name == "Idempotency-Key" })
    }

    @Test func theAgentsSocketServesStartsAndWhatHangsOnThem() {
        let served = Endpoint.all.filter { $0.listeners.contains(.agentSocket) }.map(\.operation)
        #expect(served == [.start, .watchChanges, .endInstance])
    }

    @Test func onlyALoginAndAnInvitationAreProvenByTheBody() {
        #expect(Set(Endpoint.all.filter { $0.access == .proof }.map(\.operation)) == [.logIn, .acceptInvitation])
    }

    @Test func nothingThatChangesAnythingIsForAnybody() {
        #expect(Endpoint.all.allSatisfy { $0.access != .anybody || $0.method == .get })
    }
}

extension Endpoint.Segment {
    fileprivate var form: String {
        switch self {
        case .literal(let text): text
        case .parameter: "{}"
        }
    }
}
