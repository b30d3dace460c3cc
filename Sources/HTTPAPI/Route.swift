// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
internal import Hummingbird
internal import VaultCore
internal import VaultModel

/// One operation: a method, a path template such as `/api/v1/agents/{id}`, and what it does.
package struct Route: Sendable {
    package let method: HTTPRequest.Method
    package let template: String
    let segments: [Segment]
    let handle: @Sendable (RequestReader) async throws -> Response

    enum Segment: Equatable, Sendable {
        case literal(String)
        case place
    }

    init(
        _ method: HTTPRequest.Method,
        _ template: String,
        handle: @escaping @Sendable (RequestReader) async throws -> Response
    ) {
        self.method = method
        self.template = template
        self.handle = handle
        segments = template.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            $0.hasPrefix("{") ? .place : .literal(String($0))
        }
    }

    /// The raw values of the template's places when `path` has the template's form.
    func match(_ path: [Substring]) -> [Substring]? {
        guard path.count == segments.count else { return nil }
        var places: [Substring] = []
        for (segment, text) in zip(segments, path) {
            switch segment {
            case .literal(let literal): guard literal == text else { return nil }
            case .place: places.append(text)
            }
        }
        return places
    }
}
