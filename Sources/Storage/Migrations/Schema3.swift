// SPDX-License-Identifier: Apache-2.0

/// What a supervisor tells about the instance that it keeps.
enum Schema3 {
    static let statements = [
        "ALTER TABLE instances ADD COLUMN supervised BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE instances ADD COLUMN running_at BIGINT",
        "ALTER TABLE instances ADD COLUMN restart_requested_at BIGINT",
    ]
}
