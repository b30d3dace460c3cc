// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOCore
internal import UnixSockets

/// Why a plugin does not serve.
package enum PluginError: Error, Equatable {
    /// Its socket cannot be listened on.
    case socket(place: String, reason: String)

    /// Says of what goes wrong in `body` where it was.
    static func naming<Result>(_ place: String, _ body: () async throws -> Result) async throws(PluginError) -> Result {
        do {
            return try await body()
        } catch let error as SocketFileError {
            throw .socket(place: place, reason: error.reason)
        } catch let error as IOError {
            throw .socket(place: place, reason: String(cString: strerror(error.errnoCode)))
        } catch {
            throw .socket(place: place, reason: "it cannot be listened on")
        }
    }
}

extension SocketFileError {
    fileprivate var reason: String {
        switch self {
        case .inUse: "somebody listens there already"
        case .notASocket: "there is something that is no socket"
        case .notPermitted: "it cannot be made there"
        case .pathTooLong: "a socket's path has at most 107 bytes"
        }
    }
}
