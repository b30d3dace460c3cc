// SPDX-License-Identifier: Apache-2.0

import CSyncProbe
import Glibc

/// Counts what is made durable below a folder, and makes it fail on demand.
final class SyncWatch: Sendable {
    private let handle: Int32

    init(below folder: String) throws {
        handle = sync_probe_watch(folder)
        guard handle >= 0 else { throw SyncWatchExhausted() }
    }

    deinit {
        sync_probe_unwatch(handle)
    }

    var count: Int { sync_probe_count(handle) }

    func failAll(with error: Int32) { sync_probe_fail(handle, error) }

    func letThrough() { sync_probe_fail(handle, 0) }
}

struct SyncWatchExhausted: Error {}
