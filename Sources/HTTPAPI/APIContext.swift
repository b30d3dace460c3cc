// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
internal import NIOCore
internal import VaultModel

/// What one request carries with it through the surface.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    package let channel: any Channel
    /// Stands in the answer's `X-Request-Id`, in the log and in the audit trail.
    var requestID = ""
    /// Where the request comes from; a peer of a Unix socket counts as this machine.
    var peer: IPAddress

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        peer = source.channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) } ?? .loopback
    }
}
