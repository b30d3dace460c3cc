// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing

struct AuditCodeTests {
    private static let ring = KeyRing.generate().addingEpoch()

    struct Link: Hashable, Sendable {
        var chain = "c"
        var sequence: Int64 = 2
        var previous: [UInt8] = [1, 2]
        var entry: [UInt8] = [3, 4]
        var epoch: UInt32 = 1

        func code() throws -> [UInt8] {
            try AuditCodeTests.ring.chainCode(
                chain: chain,
                sequence: sequence,
                previous: previous,
                entry: entry,
                epoch: epoch
            )
        }
    }

    @Test(arguments: [
        Link(chain: "d"), Link(sequence: 3), Link(previous: [1, 3]), Link(entry: [3, 5]), Link(epoch: 2),
        // Bytes that moved from one field to the next.
        Link(previous: [1], entry: [2, 3, 4]), Link(previous: [1, 2, 3], entry: [4]), Link(previous: []),
    ])
    func eachPartOfALinkIsInItsCode(link: Link) throws {
        #expect(try link.code() != Link().code())
        #expect(try link.code() == link.code())
    }

    @Test func aHeadsCodeIsNotALinks() throws {
        let head = try Self.ring.headCode(chain: "c", sequence: 2, code: [1, 2], epoch: 1)
        #expect(try head != Link(entry: []).code())
        #expect(try head != Self.ring.headCode(chain: "c", sequence: 2, code: [1, 3], epoch: 1))
        #expect(try head != Self.ring.headCode(chain: "c", sequence: 3, code: [1, 2], epoch: 1))
        #expect(try head != Self.ring.headCode(chain: "d", sequence: 2, code: [1, 2], epoch: 1))
    }

    @Test func anUnknownEpochIsRefused() {
        #expect(throws: SealingError.unknownEpoch(3)) { try Link(epoch: 3).code() }
        #expect(throws: SealingError.unknownEpoch(0)) {
            try Self.ring.headCode(chain: "c", sequence: 1, code: [], epoch: 0)
        }
    }
}
