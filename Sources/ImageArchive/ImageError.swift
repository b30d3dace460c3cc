// SPDX-License-Identifier: Apache-2.0

package import BackupArchive
package import ContainerEdits

/// Why an image is not wrapped.
package enum ImageError: Error, Equatable {
    /// The archive that is read, or the one that is written.
    case archive(path: String, ArchiveError)
    /// Neither an OCI archive nor docker's.
    case notAnImage
    /// A document of the image is not as it must be.
    case document(name: String, ContainerEditError)
    /// Something that the image refers to is not there, or is there twice.
    case missing(name: String)
    /// Something is not what its digest says.
    case wrongDigest(name: String)
    /// The wrapper cannot run in the image: it is a program for another machine, or needs libraries.
    case wrapperUnfit(path: String, reason: String)
}

extension ImageError {
    /// The error for people, in one line.
    package var text: String {
        switch self {
        case .archive(let path, let error): "\(path) \(error.reason)"
        case .notAnImage: "it is no image: neither an OCI archive nor one of docker save"
        case .document(let name, let error): "\(name): \(error.text)"
        case .missing(let name): "the image refers to \(name), which is not in it once"
        case .wrongDigest(let name): "\(name) is not what its digest says: it is damaged, or compressed"
        case .wrapperUnfit(let path, let reason): "\(path) cannot be put into this image: \(reason)"
        }
    }
}

extension ArchiveError {
    fileprivate var reason: String {
        switch self {
        case .notFound: "is not there"
        case .exists: "is there already"
        case .full: "cannot be written: the disk is full"
        case .denied: "cannot be opened: permission denied"
        case .malformed: "is no tar archive, or is cut off or compressed"
        case .failed: "cannot be read or written"
        }
    }
}
