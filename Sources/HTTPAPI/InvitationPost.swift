// SPDX-License-Identifier: Apache-2.0

package import APITypes

/// How an invitation gets to whom it is for.
package protocol InvitationPost: Sendable {
    /// Sends the invitation, which holds its token, and returns what its maker is told: the token where it was not sent.
    func deliver(_ invitation: InvitationBody, into workspace: String) async -> InvitationBody
}

/// Where the maker of an invitation hands it over.
struct NoPost: InvitationPost {
    func deliver(_ invitation: InvitationBody, into workspace: String) async -> InvitationBody { invitation }
}
