// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import VaultModel

/// Reads what the fuzzer made up as an archive, and every file found in it as a `.env` file.
///
/// Whatever it is, it is read or refused: within the limits, and with no path that leads anywhere. libFuzzer calls this
/// function by its name (https://llvm.org/docs/LibFuzzer.html).
@_cdecl("LLVMFuzzerTestOneInput")
package func readArbitraryArchive(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let file = SecretBytes(copying: UnsafeBufferPointer(start: start, count: count))
    do throws(ArchiveError) {
        let archive = try file.withBytes { bytes throws(ArchiveError) in try Archive(reading: bytes) }
        // What does not hold ends the process, which is what the fuzzer looks for.
        precondition(!archive.bundles.isEmpty && archive.bundles.count <= Archive.maximumBundles)
        precondition(archive.bundles.count + archive.skipped.count <= Archive.maximumMembers)
        precondition(archive.bundles.reduce(0) { $0 + $1.text.bytes.count } <= Archive.maximumExpandedBytes)
        for path in archive.bundles.map(\.path) + archive.skipped.map(\.path) {
            precondition(!path.hasPrefix("/") && !path.split(separator: "/").contains(".."))
        }
        for bundle in archive.bundles { _ = EnvironmentFileReader.parse(bundle.text.bytes) }
    } catch {
        precondition(!error.text.isEmpty)
    }
    return 0
}
