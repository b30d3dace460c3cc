// SPDX-License-Identifier: Apache-2.0

/// What a refusal by the server means for the one who reads the container's log.
enum ServerError {
    /// The server's code with what to do about it; the status where it sent no code.
    static func failure(_ head: AnswerHead) -> Failure {
        var message: Message = "the server answered \(head.status)"
        if let code = head.errorCode, let hint = hint(for: code) { message = "\(hint)" }
        if let entry = head["attache-entry"] { message = "\(message): \(entry)" }
        return Failure(code: head.errorCode ?? "unexpected_status", message: message)
    }

    /// Whether a 5xx stays what it is however often it is asked for.
    static func isFinal(_ head: AnswerHead) -> Bool {
        head.errorCode == "integrity_error" || head.status == 501 || head.status == 505
    }

    private static func hint(for code: Text) -> Text? {
        for (known, hint) in hints where known == code { return hint }
        return nil
    }

    private static var hints: [(Text, Text)] {
        [
            ("audit_unavailable", "the server cannot record this start, so it gives nothing; see its log"),
            ("busy", "the server is overloaded"),
            ("forbidden", "this token may not start an agent; it takes a gateway token (gwt_)"),
            (
                "instance_ended",
                "another instance took this one's place; give each replica its ATTACHE_INSTANCE, and the agent its replicas"
            ),
            ("integrity_error", "an entry of this agent is damaged or was moved; nothing was given"),
            ("internal_error", "the server failed; see its log"),
            ("invalid_field", "the server does not take this request; is the wrapper of its version?"),
            ("limit_reached", "a limit of the workspace is reached"),
            ("not_found", "the server knows no such agent, or is not Attaché"),
            ("shutting_down", "the server is stopping"),
            ("storage_full", "the server's disk is full"),
            ("storage_unavailable", "the server cannot reach its storage"),
            ("token_missing", "set ATTACHE_GATEWAY_TOKEN_FILE or ATTACHE_GATEWAY_TOKEN"),
            ("token_revoked", "this gateway token was revoked; rotate it and give the container the new one"),
            ("token_rotated", "this gateway token was replaced; give the container the new one"),
            ("token_unknown", "the server does not know this token; check that it is a gateway token, and whole"),
        ]
    }
}
