// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import VaultCore
internal import VaultModel

/// The files of an import as a request carries them: one as the body, or several in a form.
struct ImportUpload {
    private(set) var files: [ImportFile] = []
    private(set) var choices: [ImportChoice] = []
    private var choicesText: SharedSecret?

    /// What the files of a form may have around them.
    private static let formBytes = 1 << 20

    init(_ reader: RequestReader) async throws {
        let contentType = reader.request.headers[.contentType] ?? ""
        let type = HeaderParameters(contentType).value
        guard type != "multipart/form-data" else {
            guard let boundary = FormData.boundary(of: contentType) else {
                throw APIFailure(.unsupportedMediaType, "the form's Content-Type names no boundary")
            }
            try await readForm(reader, boundary: boundary)
            return
        }
        guard Endpoint.RequestContent.file.mediaTypes.contains(type) else {
            throw APIFailure(
                .unsupportedMediaType,
                "the body must be the file itself, or a form with it",
                hint: "send Content-Type: application/octet-stream or multipart/form-data"
            )
        }
        let body = try await reader.buffer(upTo: ImportRequest.maximumFileBytes)
        files = [ImportFile(contents: SharedSecret(copying: body.readableBytesView))]
    }

    private mutating func readForm(_ reader: RequestReader, boundary: String) async throws {
        let body = try await reader.buffer(upTo: ImportRequest.maximumFileBytes + Self.formBytes)
        let form = try body.withUnsafeReadableBytes { try FormData($0, boundary: boundary) }
        for part in form.parts {
            switch part.name {
            case "file": files.append(ImportFile(name: try Self.checked(part.fileName), contents: part.contents))
            case "choices" where choicesText == nil: choicesText = part.contents
            case "choices": throw APIFailure(.invalidField, "the part is there twice", field: "choices")
            default:
                throw APIFailure(.invalidField, "unknown part of the form", hint: "the parts are choices, file")
            }
        }
        guard !files.isEmpty else { throw APIFailure(.invalidField, "the form has no file", field: "file") }
        if let choicesText {
            choices = try choicesText.bytes.withBytes {
                try StrictJSON.decode([UInt8]($0), as: ImportChoicesBody.self).choices
            }
        }
    }

    /// A file's name as it is shown and named in options; it never becomes a path.
    private static func checked(_ name: String?) throws -> String? {
        guard let name, !name.isEmpty else { return nil }
        guard name.utf8.count <= 1_024,
            !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw APIFailure(
                .invalidField,
                "a file's name has at most 1,024 bytes and no control character",
                field: "file"
            )
        }
        return name
    }

    /// What stands for the request should it be repeated: everything but the boundary of a form.
    func once(_ reader: RequestReader) throws -> Once? {
        let names = files.map { "\($0.name ?? "")\n" }.joined()
        return try reader.once(Array(names.utf8), files: files.map(\.contents) + [choicesText].compactMap(\.self))
    }
}
