// SPDX-License-Identifier: Apache-2.0

import APIClient
import APITypes
import Commands
import Foundation
import Testing

struct FailureTests {
    @Test(arguments: ErrorCode.allCases)
    func aTemporaryAnswerIsTheOnlyOneThatIsWorthTryingAgain(code: ErrorCode) {
        let status = Commands.ExitStatus(.answer(ErrorBody(code, "x")))
        #expect(status == (code.status == 503 || code.status == 429 ? .tryAgain : .failed))
    }

    private static let address = ServerAddress.url("https://vault.example")

    @Test(arguments: [
        (
            APIClientError.unfamiliarAnswer(status: 429, code: "rate_limited", error: "x", hint: nil),
            Commands.ExitStatus.tryAgain
        ),
        (.unfamiliarAnswer(status: 418, code: "teapot", error: "x", hint: nil), .failed),
        (.unreachable(address, .noSuchSocket), .tryAgain), (.unreachable(address, .nothingListens), .tryAgain),
        (.unreachable(address, .system(errno: 5)), .tryAgain), (.unreachable(address, .permissionDenied), .failed),
        (.timedOut(address), .tryAgain), (.untrusted(address), .failed),
        (.unusableCertificates(path: "/x"), .usage), (.protocolError("x"), .failed),
    ])
    func aTransportErrorHasItsStatus(error: APIClientError, status: Commands.ExitStatus) {
        #expect(Failure(error).status == status)
    }

    @Test(arguments: [
        (CommandError.usage("x"), Int32(2)), (.value(.empty), 1), (.wrapperMissing(path: nil), 1),
        (.unreadableFile(path: "/x", reason: "y"), 1), (.importConflict(["A exists already"]), 1), (.cancelled, 1),
        (.restartIncomplete(synced: 1, told: 2), 75), (.auditDamaged, 1), (.serverConfiguration("x", hint: nil), 78),
        (.serverFailed("x", hint: nil), 1), (.notExported(["A"]), 1), (.invalidFile(path: "x", findings: []), 1),
    ])
    func anErrorOfTheCommandHasItsStatus(error: CommandError, status: Int32) {
        #expect(Failure(error).status.rawValue == status)
    }

    @Test func peopleAreToldTheErrorThenTheFactsThenWhatToDo() {
        let conflict = ErrorBody(
            .importConflict,
            "nothing was imported: 2 names exist already.",
            hint: "of the API",
            conflicts: [
                ConflictBody(code: .duplicateName, name: "A"), ConflictBody(code: .duplicateName, name: "B\u{1B}"),
            ]
        )
        #expect(
            Failure(.answer(conflict)).lines == """
                attache: error: nothing was imported: 2 names exist already
                  A exists already
                  B\\u{1b} exists already
                attache: hint: choose with --on-existing skip or update; for bundles that differ, with --merge or --bundle

                """
        )
        let other = ErrorBody(.limitReached, "there are 10,000 agents", hint: "remove one")
        #expect(
            Failure(.answer(other)).lines == """
                attache: error: there are 10,000 agents
                attache: hint: remove one

                """
        )
    }

    @Test func programsAreToldTheServersObjectAsItCame() throws {
        let body = ErrorBody(.versionMismatch, "It has another version.", hint: "h", currentVersion: 3)
        let json = Failure(.answer(body)).json
        #expect(try JSONDecoder().decode(ErrorBody.self, from: Data(json.utf8)) == body)
        #expect(!json.contains("\n"))
    }

    @Test func anErrorThatNoServerAnsweredHasTheSameFieldsAndNoStatus() {
        #expect(
            Failure(.unreachable(.socket(path: "/run/a.sock"), .permissionDenied)).json == """
                {"code":"unreachable","error":"no server at /run/a.sock: permission denied","hint":"the socket is for root \
                and the server's own user; others set ATTACHE_ADDRESS and ATTACHE_API_KEY","status":0}
                """
        )
        let newer = APIClientError.unfamiliarAnswer(status: 429, code: "rate_limited", error: "slow down", hint: nil)
        #expect(Failure(newer).json == #"{"code":"rate_limited","error":"slow down","status":429}"#)
    }

    @Test func anErrorThatNobodyForesawIsNotQuoted() throws {
        struct Surprise: Error, CustomStringConvertible { var description: String { "canary" } }
        let failure = try #require(Failure(Surprise()))
        #expect(failure.status == .failed)
        #expect(!failure.lines.contains("canary"))
        #expect(!failure.json.contains("canary"))
    }
}
