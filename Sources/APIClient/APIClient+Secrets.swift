// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import NIOCore
internal import NIOHTTP1
package import VaultModel

extension APIClient {
    package func secrets(
        limit: Int,
        cursor: String? = nil,
        matching text: String? = nil,
        kind: EntryKind? = nil,
        expiringBefore: Timestamp? = nil,
        unusedSince: Timestamp? = nil
    ) async throws(APIClientError) -> SecretPage {
        var request = try APIRequest(.GET, "secrets")
        request.add("limit", String(limit))
        request.add("cursor", cursor)
        request.add("q", text)
        request.add("kind", kind?.rawValue)
        request.add("expires_before", expiringBefore?.rfc3339)
        request.add("unused_since", unusedSince?.rfc3339)
        return try await call(request)
    }

    package func secret(_ reference: String) async throws(APIClientError) -> SecretBody {
        try await call(APIRequest(.GET, "secrets", reference))
    }

    package func createSecret(_ body: CreateSecretBody) async throws(APIClientError) -> SecretBody {
        var request = try APIRequest(.POST, "secrets")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    /// Changes an entry; with `version` only while that is its current one.
    package func updateSecret(
        _ reference: String,
        _ body: UpdateSecretBody,
        ifVersion version: Int64? = nil
    ) async throws(APIClientError) -> SecretBody {
        var request = try APIRequest(.PATCH, "secrets", reference)
        try request.setJSON(body)
        if let version { request.headers.add(name: "If-Match", value: "\"\(version)\"") }
        return try await call(request)
    }

    package func deleteSecret(_ reference: String) async throws(APIClientError) {
        try await call(APIRequest(.DELETE, "secrets", reference))
    }

    /// Does one thing to several entries: to all of them, or to none.
    package func bulk(_ body: BulkSecretsBody) async throws(APIClientError) -> BulkDoneBody {
        var request = try APIRequest(.POST, "secrets", "bulk")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    /// One page of an entry's versions, newest first.
    package func versions(
        of reference: String,
        limit: Int,
        cursor: String? = nil
    ) async throws(APIClientError) -> SecretVersionPage {
        var request = try APIRequest(.GET, "secrets", reference, "versions")
        request.add("limit", String(limit))
        request.add("cursor", cursor)
        return try await call(request)
    }

    /// Imports files and archives, all of them or none; each is known by the name that it comes with.
    package func importFiles(
        _ files: [(name: String, contents: SharedSecret)],
        _ options: ImportOptions
    ) async throws(APIClientError) -> ImportBody {
        var request = try APIRequest(.POST, "secrets", "import")
        request.add("dry_run", options.dryRun ? "true" : nil)
        request.add("kind", options.kind?.rawValue)
        request.add("on_existing", options.onExisting?.rawValue)
        for agent in options.attachTo { request.add("attach", agent) }
        request.add("allow_empty", options.allowEmpty ? "true" : nil)
        request.add("strict", options.strict ? "true" : nil)
        request.add("accept", options.accept.isEmpty ? nil : options.accept.joined(separator: ","))
        request.add("format", options.format?.rawValue)
        request.add("dialect", options.dialect?.rawValue)
        request.add("interpolate", options.interpolation?.rawValue)
        request.add("plan", options.planID)
        for bundle in options.bundles { request.add("bundle", bundle) }
        for bundle in options.mergeOrder { request.add("merge", bundle) }
        var form = FormDataWriter()
        if !options.choices.isEmpty { try form.add("choices", ImportChoicesBody(choices: options.choices)) }
        for file in files { form.add("file", named: file.name, file.contents) }
        form.end()
        request.headers.add(name: "Content-Type", value: form.contentType)
        request.body = form.body
        request.makeOnce()
        return try await call(request)
    }
}

/// What an import may do; what is left out is the server's default.
package struct ImportOptions: Equatable, Sendable {
    package var dryRun = false
    /// Nil lets the server guess from names and values.
    package var kind: EntryKind?
    package var onExisting: OnExisting?
    package var attachTo: [String] = []
    package var allowEmpty = false
    package var strict = false
    package var accept: [String] = []
    package var format: ImportFormat?
    package var dialect: ImportDialect?
    package var interpolation: ImportInterpolation?
    /// Only these; empty means all.
    package var bundles: [String] = []
    /// Each overrides those before it.
    package var mergeOrder: [String] = []
    package var choices: [ImportChoice] = []
    /// The plan that is to be carried out and no other.
    package var planID: String?

    package init() {}
}
