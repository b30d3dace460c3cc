// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Adds to the requests that `holder`, an agent or a key by its id, sent through the proxy in a month.
    package func addRequests(
        _ count: Int64,
        by holder: String,
        in month: CalendarMonth,
        of workspace: WorkspaceID
    ) throws(StorageFailure) {
        try execute(
            """
            INSERT INTO request_counts (workspace_id, month, holder, requests) VALUES ($1, $2, $3, $4)
            ON CONFLICT (workspace_id, month, holder) DO UPDATE SET requests = request_counts.requests + excluded.requests
            """,
            [.text(workspace.text), .integer(month.number), .text(holder), .integer(count)]
        )
    }

    /// How many requests a workspace, or one holder in it, sent in a month.
    package func requestCount(
        by holder: String? = nil,
        in month: CalendarMonth,
        of workspace: WorkspaceID
    ) throws(StorageFailure) -> Int {
        let base = "SELECT coalesce(sum(requests), 0) FROM request_counts WHERE workspace_id = $1 AND month = $2"
        guard let holder else { return try count(base, [.text(workspace.text), .integer(month.number)]) }
        return try count(
            base + " AND holder = $3",
            [.text(workspace.text), .integer(month.number), .text(holder)]
        )
    }
}
