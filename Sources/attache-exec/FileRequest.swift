// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// `--file NAME[=PATH]`: a value that the command wants as a file, and the path that it expects.
///
/// The file is in memory, sealed against every change (memfd_create(2)), and the command inherits its descriptor.
/// `PATH` becomes a symbolic link to it, so that no disk ever has the value.
struct FileRequest {
    let name: Text
    private let path: Text?

    static func list(_ list: Text?, _ source: Text) throws(Failure) -> [FileRequest] {
        var requests: [FileRequest] = []
        var areWellFormed = true
        (list ?? "").forEachPiece(separator: UInt8(ascii: ",")) { piece in
            let pair = piece.trimmed
            let end = pair.index(of: UInt8(ascii: "="))
            let path = end.map { pair[$0 + 1..<pair.count] }
            requests.append(FileRequest(name: pair[0..<(end ?? pair.count)], path: path))
            areWellFormed = areWellFormed && requests[requests.count - 1].isWellFormed
        }
        guard areWellFormed, !requests.isEmpty else {
            throw .usage("\(source) takes names, or pairs such as NAME=/absolute/path")
        }
        return requests
    }

    private var isWellFormed: Bool { name.isEnvironmentName && (path?.hasPrefix("/") ?? true) }

    /// Makes the file, and the variable that tells the command where it is: the name with `_FILE` at its end.
    func make(named newName: Text, _ value: Text) throws(Failure) -> EnvironmentString {
        let descriptor = ckernel_exec_sealed_file(value.bytes.baseAddress, value.count)
        guard descriptor >= 0 else { throw failure("no file in memory", -descriptor) }
        let place = Text(joining: ["/proc/self/fd/", Text(number: Int(descriptor))])
        guard let path else { return EnvironmentString(joining: [newName, "_FILE=", place]) }
        let error = ckernel_exec_link(Text(joining: [path]).cString, place.cString)
        guard error == 0 else { throw failure(path, -error) }
        return EnvironmentString(joining: [newName, "_FILE=", path])
    }

    private func failure(_ place: Text, _ error: Int32) -> Failure {
        Failure(code: "file_refused", message: "\(name): \(place): \(Message(error: error))")
    }
}
