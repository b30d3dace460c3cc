// SPDX-License-Identifier: Apache-2.0

import Foundation
import Storage
import TestSupport
import Testing

struct AttemptSlotsTests {
    private func folder() throws -> (TemporaryDirectory, DataFolder) {
        let directory = try TemporaryDirectory()
        return (directory, try DataFolder(claiming: directory.path))
    }

    @Test func whatWasPutIsThereWhenTheProcessThatPutItIsGone() throws {
        let (directory, folder) = try folder()
        let slots = try AttemptSlots(in: folder)
        let first = try #require(slots.put([1, 2, 3]))
        _ = try #require(slots.put([4]))
        slots.free([first])
        // Mapped a second time, as the next process would, while nothing was closed or synchronized.
        let again = try AttemptSlots(in: folder)
        #expect(again.leftovers.map(\.record) == [[4]])
        again.free(again.leftovers.map(\.slot))
        #expect(try AttemptSlots(in: folder).leftovers.isEmpty)
        #expect(
            try FileManager.default.attributesOfItem(atPath: directory.appending("attache.attempts"))[.posixPermissions]
                as? Int == 0o600
        )
    }

    @Test func thereIsRoomForSoManyAndNoMore() throws {
        let (directory, folder) = try folder()
        defer { withExtendedLifetime(directory) {} }
        let slots = try AttemptSlots(in: folder)
        let taken = (0..<AttemptSlots.count).compactMap { _ in slots.put([7]) }
        #expect(Set(taken).count == AttemptSlots.count)
        #expect(slots.put([7]) == nil)
        slots.free([taken[5]])
        #expect(slots.put([7]) == taken[5])
    }

    @Test(arguments: [0, AttemptSlots.maximumBytes + 1])
    func aRecordOfAnotherLengthThanASlotsIsRefused(length: Int) throws {
        let (directory, folder) = try folder()
        defer { withExtendedLifetime(directory) {} }
        #expect(try AttemptSlots(in: folder).put([UInt8](repeating: 1, count: length)) == nil)
    }

    @Test func aFileOfAnotherProgramIsRefusedAndKept() throws {
        let (directory, folder) = try folder()
        let bytes = Data(repeating: 0x41, count: 100)
        try bytes.write(to: URL(fileURLWithPath: directory.appending("attache.attempts")))
        #expect(throws: StorageFailure.corrupt) { try AttemptSlots(in: folder) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.appending("attache.attempts"))).starts(with: bytes))
    }

    @Test func aLengthThatNoRecordHasIsCutAndNothingBeyondTheSlotIsRead() throws {
        let (directory, folder) = try folder()
        _ = try #require(AttemptSlots(in: folder).put([9]))
        let file = try #require(FileHandle(forUpdatingAtPath: directory.appending("attache.attempts")))
        try file.seek(toOffset: 1_024)
        try file.write(contentsOf: Data([0xFF, 0xFF, 0xFF, 0xFF]))
        try file.close()
        #expect(try AttemptSlots(in: folder).leftovers.map(\.record.count) == [AttemptSlots.maximumBytes])
    }
}

extension AttemptSlots {
    fileprivate func put(_ record: [UInt8]) -> Int? { put(count: record.count) { $0.copyBytes(from: record) } }
}
