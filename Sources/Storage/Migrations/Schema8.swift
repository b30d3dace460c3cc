// SPDX-License-Identifier: Apache-2.0

/// Proxy tokens of instances: the start that one was made for.
enum Schema8 {
    static let statements = ["ALTER TABLE tokens ADD COLUMN instance_id TEXT"]
}
