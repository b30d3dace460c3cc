// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let auditTrail = [
        StoragePromise("a chain is read forwards and backwards in pages, apart from other chains") { engine in
            let chain = (1...9).map { link($0, of: "here") }
            try await engine.write { connection in
                for link in chain { try connection.appendAuditEntry(link) }
                try connection.appendAuditEntry(link(1, of: "elsewhere"))
            }
            try await engine.read { connection in
                try expectEqual(try connection.auditEntries("here", from: 1, limit: 4), Array(chain[..<4]))
                try expectEqual(try connection.auditEntries("here", from: 5, limit: 100), Array(chain[4...]))
                try expectEqual(
                    try connection.auditEntries("here", before: nil, limit: 3),
                    chain.suffix(3).reversed()
                )
                try expectEqual(
                    try connection.auditEntries("here", before: 7, limit: 100),
                    chain[..<6].reversed()
                )
                try expectEqual(try connection.auditEntryCount("here"), 9)
                try expectEqual(try connection.auditEntryCount("elsewhere"), 1)
                try expectEqual(try connection.auditEntries("nowhere", before: nil, limit: 3), [])
            }
        },
        StoragePromise("many entries of one moment are appended as each would be") { engine in
            let chain = (1...9).map { link($0, of: "here") }
            try await engine.write { connection in
                try connection.appendAuditEntries([])
                try connection.appendAuditEntries(chain)
                try connection.appendAuditEntries([link(1, of: "elsewhere")])
            }
            try await engine.read { connection in
                try expectEqual(try connection.auditEntries("here", from: 1, limit: 100), chain)
                try expectEqual(try connection.auditEntryCount("elsewhere"), 1)
            }
            try await expectConstraint(on: engine) {
                try $0.appendAuditEntries([link(10, of: "here"), link(9, of: "here")])
            }
            try await engine.read { try expectEqual(try $0.auditEntryCount("here"), 9) }
        },
        StoragePromise("the starts of a chain are found among its entries") { engine in
            try await engine.write { connection in
                for number: Int64 in 1...9 {
                    var entry = link(number, of: "here")
                    entry.action = number % 3 == 0 ? "agent.start" : "credential.use"
                    try connection.appendAuditEntry(entry)
                }
            }
            try await engine.read { connection in
                let numbers = { try connection.auditStarts("here", after: $0, limit: $1).map(\.sequence) }
                try expectEqual(try numbers(0, 9), [3, 6, 9])
                try expectEqual(try numbers(0, 2), [3, 6])
                try expectEqual(try numbers(3, 9), [6, 9])
                try expectEqual(try connection.auditStarts("elsewhere", after: 0, limit: 9), [])
            }
        },
        StoragePromise("a sequence number is given once in a chain") { engine in
            try await engine.write { try $0.appendAuditEntry(link(1, of: "here")) }
            try await expectConstraint(on: engine) { try $0.appendAuditEntry(link(1, of: "here")) }
        },
        StoragePromise("a chain has one head, the last that was set") { engine in
            let heads = (1...2).map { number in
                AuditHeadRow(chain: "here", sequence: number, epoch: number, code: [UInt8(number)], headCode: [0])
            }
            try await engine.write { connection in
                try expectEqual(try connection.auditHead("here"), nil)
                for head in heads { try connection.setAuditHead(head) }
                try connection.setAuditHead(
                    AuditHeadRow(chain: "elsewhere", sequence: 9, epoch: 1, code: [], headCode: [])
                )
                try expectEqual(try connection.auditHead("here"), heads[1])
            }
        },
    ]

    private static func link(_ sequence: Int64, of chain: String) -> AuditEntryRow {
        AuditEntryRow(
            chain: chain,
            sequence: sequence,
            epoch: 1,
            at: .day(sequence),
            action: "entry.create",
            subject: sequence.isMultiple(of: 2) ? "subject" : nil,
            entry: [UInt8(sequence), 0],
            code: [7]
        )
    }
}
