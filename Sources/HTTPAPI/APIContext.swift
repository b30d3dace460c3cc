// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
internal import NIOCore

/// What one request carries with it through the surface.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    package let channel: any Channel
    /// Stands in the answer's `X-Request-Id`, in the log and in the audit trail.
    var requestID = ""

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
