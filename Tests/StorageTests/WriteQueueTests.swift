// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Storage

struct WriteQueueTests {
    @Test func aLoneWriteStartsTheWriterAtOnce() {
        var queue = WriteQueue<Int>()
        #expect(queue.add(1) == .start)
        #expect(queue.nextGroup() == [1])
        #expect(queue.isRunning)
    }

    @Test func writesThatComeDuringACommitShareTheNextTransactionInTheirOrder() {
        var queue = WriteQueue<Int>()
        _ = queue.add(1)
        _ = queue.nextGroup()
        for write in 2...5 { #expect(queue.add(write) == .wait) }
        #expect(queue.nextGroup() == [2, 3, 4, 5])
        #expect(queue.nextGroup() == [])
        #expect(!queue.isRunning)
        #expect(queue.add(6) == .start)
    }

    @Test func aGroupHasALargestSize() {
        var queue = WriteQueue<Int>()
        for write in 1...300 { _ = queue.add(write) }
        #expect(queue.nextGroup() == Array(1...128))
        #expect(queue.nextGroup() == Array(129...256))
        #expect(queue.nextGroup() == Array(257...300))
    }

    @Test func writesThatDidNotBeginComeFirstInTheNextGroup() {
        var queue = WriteQueue<Int>()
        for write in 1...3 { _ = queue.add(write) }
        let group = queue.nextGroup()
        _ = queue.add(4)
        queue.putBack(group.dropFirst())
        #expect(queue.nextGroup() == [2, 3, 4])
    }

    @Test func whatWaitsIsBounded() {
        var queue = WriteQueue<Int>()
        for write in 0..<WriteQueue<Int>.longestWait { _ = queue.add(write) }
        #expect(queue.add(0) == .refuse(.busy))
        _ = queue.nextGroup()
        #expect(queue.add(0) == .wait)
    }

    @Test func afterAFailureEveryWriteIsRefusedAndWhatWaitedIsHandedBack() {
        var queue = WriteQueue<Int>()
        _ = queue.add(1)
        _ = queue.add(2)
        #expect(queue.fail() == [1, 2])
        #expect(queue.phase == .failed)
        #expect(queue.add(3) == .refuse(.unavailable))
        #expect(queue.nextGroup() == [])
    }

    @Test func closingFinishesWhatWaitsAndTakesNoMore() {
        var queue = WriteQueue<Int>()
        _ = queue.add(1)
        queue.close()
        #expect(queue.add(2) == .refuse(.unavailable))
        #expect(queue.nextGroup() == [1])
    }
}
