// SPDX-License-Identifier: Apache-2.0

import Sealing
import VaultModel

private let ring = KeyRing.generate()
private let now = Timestamp(milliseconds: 1_790_000_000_000)
private let context = RecordContext(
    scope: OwnerScope(workspace: WorkspaceID(at: now), user: UserID(at: now), salt: OwnerScope.makeSalt()),
    entry: EntryID(at: now),
    version: 1,
    kind: .secret
)
private let sealed = (try? ring.seal(SecretBytes(copying: Array("a value".utf8)), as: context).bytes) ?? []

/// Reads what the fuzzer made up as a sealed record, as a change of a genuine one, and as a token.
///
/// No record opens but the genuine one, and what is taken for a token is one whose text comes out as it went in.
@_cdecl("LLVMFuzzerTestOneInput")
package func openArbitraryRecord(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // What does not hold ends the process, which is what the fuzzer looks for.
    precondition((try? ring.open(bytes, as: context)) == nil)
    var changed = sealed
    for (place, byte) in bytes.enumerated() where place < changed.count { changed[place] ^= byte }
    if changed != sealed { precondition((try? ring.open(changed, as: context)) == nil) }
    for cut in [sealed + bytes, Array(sealed.prefix(count))] where cut != sealed {
        precondition((try? ring.open(cut, as: context)) == nil)
    }
    _ = SealedRecord(bytes: bytes).epoch
    if let token = try? BearerToken(parsing: bytes) { precondition(token.withText { Array($0) } == bytes) }
    return 0
}
