// SPDX-License-Identifier: Apache-2.0

/// A JSON object that a client sends: it names its fields, so that any other is refused instead of ignored.
package protocol RequestBody: Codable, Sendable {
    associatedtype CodingKeys: CodingKey, CaseIterable
}
