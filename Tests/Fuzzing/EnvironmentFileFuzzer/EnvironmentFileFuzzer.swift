// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import VaultModel

/// Reads what the fuzzer made up as a file of every dialect and format.
///
/// Whatever it is, it is read or refused: within the limits, with each name once, and at a place that the file has.
@_cdecl("LLVMFuzzerTestOneInput")
package func readArbitraryEnvironmentFile(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let file = SecretBytes(copying: UnsafeBufferPointer(start: start, count: count))
    let lines = file.withBytes { bytes in 1 + bytes.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } }
    var ways = Dialect.allCases.map { dialect in
        var options = ReadingOptions()
        options.dialect = dialect
        options.interpolatesFile = count % 2 == 0
        return options
    }
    for format in [FileFormat.json, .yaml] {
        var options = ReadingOptions()
        options.format = format
        ways.append(options)
    }
    for options in ways {
        let parsed = EnvironmentFileReader.parse(file, options)
        // What does not hold ends the process, which is what the fuzzer looks for.
        precondition(parsed.hasErrors ? parsed.entries.isEmpty : !parsed.findings.contains(where: \.isError))
        precondition(parsed.findings.count <= EnvironmentFileReader.maximumFindings)
        precondition(Set(parsed.entries.map(\.name)).count == parsed.entries.count)
        precondition(parsed.entries.allSatisfy { (1...lines).contains($0.line) && $0.column >= 1 })
        precondition(parsed.findings.allSatisfy { (1...lines).contains($0.line) && $0.column >= 1 })
        for entry in parsed.entries {
            precondition(entry.value.bytes.count <= EnvironmentValue.maximumStringBytes)
            precondition(!entry.value.bytes.withBytes { $0.contains(0) })
        }
    }
    return 0
}
