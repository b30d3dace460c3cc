// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPAPI
internal import Logging
internal import MailDelivery
internal import ServiceLifecycle
internal import VaultCore
internal import VaultModel

/// Sends what people are told by mail: invitations while their makers wait, reminders when they can be sent.
struct Postman: InvitationPost, Service {
    /// Nil sends nothing.
    let sender: MailSender?
    /// Where this server is reached, without a slash at its end.
    let publicURL: String?
    let logger: Logger
    private let waiting: AsyncStream<MailMessage>
    private let queue: AsyncStream<MailMessage>.Continuation

    /// Mails that wait for their server at most; what comes then is dropped, with a line in the log.
    private static let mostWaiting = 1_000
    /// How long it waits after each try; after the last one the mail is given up.
    private static let waits: [Duration] = [
        .seconds(60), .seconds(300), .seconds(1_800), .seconds(7_200), .seconds(21_600),
    ]

    init(sender: MailSender?, publicURL: String?, logger: Logger) {
        self.sender = sender
        self.publicURL = publicURL
        self.logger = logger
        (waiting, queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.mostWaiting))
    }

    func deliver(_ invitation: InvitationBody, into workspace: String) async -> InvitationBody {
        var told = invitation
        guard let publicURL, let token = invitation.token else { return told }
        let link = "\(publicURL)/invitation#\(token)"
        told.link = link
        guard let sender, let recipient = EmailAddress(invitation.email) else { return told }
        do {
            try await sender.send(
                MailMessage(
                    to: recipient,
                    subject: "Invitation to \(workspace)",
                    text: """
                        \(invitation.invitedBy.name) invites you into the workspace \(workspace) of Attache, \
                        as \(invitation.role.rawValue).

                        Accept with the program attache, which asks for this link:

                            attache invitations accept

                        \(link)

                        It works once, until \(invitation.expiresAt.rfc3339). Whoever has it can answer for you: give it to nobody.

                        """,
                    date: SystemWallClock().now
                )
            )
            // It is the other person's alone now.
            told.token = nil
            told.link = nil
            told.mailed = true
        } catch {
            logger.warning(
                "invitation was not mailed",
                metadata: ["invitation": "\(invitation.id)", "reason": "\(error)"]
            )
            told.mailed = false
            told.mailProblem = error.text
        }
        return told
    }

    /// Puts reminders into one mail for each of the people who look after a workspace.
    func remind(_ reminders: [EntryReminder], of vault: Vault) async {
        guard sender != nil else { return }
        for (workspace, all) in Dictionary(grouping: reminders, by: \.workspace) {
            guard let people = try? await vault.caretakers(of: workspace) else { continue }
            let lines = all.map { "\($0.name)  \($0.hasExpired ? "has expired" : "expires"), \($0.expiresAt.rfc3339)" }
            for person in people.addresses {
                let message = MailMessage(
                    to: person,
                    subject: "\(all.count == 1 ? "An entry" : "\(all.count) entries") of \(people.workspace): expiry",
                    text: """
                        In the workspace \(people.workspace):

                        \(lines.joined(separator: "\n"))

                        No agent is given an entry after its time. Write a new value and a new time:

                            attache secrets update NAME --expires 90d

                        """,
                    date: SystemWallClock().now
                )
                if case .dropped = queue.yield(message) { logger.warning("mail was dropped: too many wait") }
            }
        }
    }

    func run() async throws {
        await withDiscardingTaskGroup { group in
            for await message in waiting.cancelOnGracefulShutdown() {
                group.addTask { await sendInTime(message) }
            }
        }
    }

    /// Tries until it is sent, given up, or the server stops.
    private func sendInTime(_ message: MailMessage) async {
        guard let sender else { return }
        for wait in Self.waits + [nil] as [Duration?] {
            do {
                try await sender.send(message)
                return
            } catch {
                logger.warning(
                    wait == nil ? "mail was given up" : "mail was not sent yet",
                    metadata: ["reason": "\(error)"]
                )
            }
            guard let wait else { return }
            do {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: wait) }
            } catch {
                return
            }
        }
    }
}
