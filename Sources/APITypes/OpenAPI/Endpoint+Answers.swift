// SPDX-License-Identifier: Apache-2.0

extension Endpoint.Answer {
    private static let tag = ["ETag": "The version, such as `\"3\"`."]

    static func ok(_ component: Component, _ description: String, isVersioned: Bool = false) -> Self {
        Self(status: 200, description: description, content: .json(component), headers: isVersioned ? tag : [:])
    }

    /// Made something that has a path of its own.
    static func created(_ component: Component, _ description: String) -> Self {
        Self(
            status: 201,
            description: description,
            content: .json(component),
            headers: ["Location": "The path of what was made."]
        )
    }

    static func made(_ component: Component, _ description: String) -> Self {
        Self(status: 201, description: description, content: .json(component))
    }

    static let done = Self(status: 204, description: "Done.", content: .none)
}
