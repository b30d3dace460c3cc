// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHPACK
import ProxyRules
import Testing
import VaultModel

@testable import CredentialProxy

/// Marks in blocks of HTTP/2 and the credentials that take their places.
struct CredentialBlocksTests {
    private let blocks = CredentialBlocks()
    private let channel = EmbeddedChannel()
    private var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
    private var decoder = HPACKDecoder(
        allocator: ByteBufferAllocator(),
        maxDynamicTableSize: 4_096,
        maxHeaderListSize: 1 << 20
    )

    init() throws {
        try channel.pipeline.syncOperations.addHandler(blocks)
    }

    private static func credential(_ value: String, _ scheme: CredentialScheme = .apiKey) throws -> RenderedCredential {
        let presentation = try Presentation(scheme, parameter: scheme == .queryParameter ? "key" : nil)
        return try RenderedCredential(SecretBytes(copying: value.utf8), as: presentation)
    }

    private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ length: Int) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(UInt32(length) << 8 | UInt32(type))
        frame.writeInteger(flags)
        frame.writeInteger(stream)
        return frame
    }

    /// The frame of a block as the library writes it.
    private mutating func headers(_ stream: UInt32, _ fields: HPACKHeaders) throws -> ByteBuffer {
        try encoder.beginEncoding(allocator: ByteBufferAllocator())
        try encoder.append(headers: fields)
        let block = try encoder.endEncoding()
        var frame = Self.frame(1, 0x4, stream, block.readableBytes)
        frame.writeImmutableBuffer(block)
        return frame
    }

    /// What comes out for what is written: the parts, and the length of each frame's payload.
    private func written(_ parts: ByteBuffer...) throws -> [ByteBuffer] {
        for part in parts { try channel.writeOutbound(IOData.byteBuffer(part)) }
        var out: [ByteBuffer] = []
        while case .byteBuffer(let part)? = try channel.readOutbound(as: IOData.self) { out.append(part) }
        return out
    }

    /// The one block that the frames are of, as the other side decodes it.
    private mutating func decoded(_ parts: [ByteBuffer], _ stream: UInt32) throws -> HPACKHeaders {
        var bytes = ByteBuffer()
        for part in parts { bytes.writeImmutableBuffer(part) }
        var block = ByteBuffer()
        var ended = false
        var type: UInt8 = 1
        while let head = bytes.readInteger(as: UInt32.self) {
            #expect(UInt8(truncatingIfNeeded: head) == type)
            #expect(!ended)
            let flags = bytes.readInteger(as: UInt8.self)
            ended = try #require(flags) & 0x4 != 0
            #expect(bytes.readInteger(as: UInt32.self) == stream)
            #expect(head >> 8 <= 16_384)
            let payload = bytes.readSlice(length: Int(head >> 8))
            block.writeImmutableBuffer(try #require(payload))
            type = 9
        }
        #expect(ended)
        return try decoder.decodeHeaders(from: &block)
    }

    private func fields(_ value: String) throws -> HPACKHeaders {
        var fields: HPACKHeaders = [":method": "GET", ":path": "/"]
        let mark = blocks.mark(for: .fields(try Self.credential(value)))
        fields.add(name: "credential", value: mark.text, indexing: .neverIndexed)
        return fields
    }

    @Test(arguments: [16, 126, 127, 128, 16_300, 16_384, 70_000])
    mutating func aCredentialOfAnyLengthTakesThePlaceOfItsMark(length: Int) throws {
        let value = String(repeating: "v", count: length)
        var request = try fields(value)
        request.add(name: "x-after", value: "1")
        let answer = try decoded(written(headers(1, request)), 1)
        #expect(answer.map(\.name) == [":method", ":path", "authorization", "x-after"])
        #expect(answer.first(name: "authorization") == "Bearer \(value)")
        #expect(answer.first { $0.name == "authorization" }?.indexable == .neverIndexed)
    }

    @Test(arguments: [("/v1", "/v1?key="), ("/v1?a=b", "/v1?a=b&key=")])
    mutating func aParameterIsWrittenBehindThePath(path: String, expected: String) throws {
        let credential = try Self.credential("value-of-20-letters!", .queryParameter)
        var request: HPACKHeaders = [":method": "GET"]
        request.add(name: ":path", value: blocks.mark(for: .path(path, credential)).text, indexing: .neverIndexed)
        request.add(name: "x-after", value: "1")
        let answer = try decoded(written(headers(1, request)), 1)
        #expect(answer.first(name: ":path") == expected + "value-of-20-letters%21")
        #expect(answer.first(name: "x-after") == "1")
    }

    /// The order in which requests are begun, written and given up says nothing about whose credential is whose.
    @Test mutating func everyRequestHasItsOwnCredential() throws {
        let requests = try (1...5).map { try fields("value-of-number-\($0)") }
        for index in [3, 0, 4] {
            let stream = UInt32(2 * index + 1)
            let answer = try decoded(written(headers(stream, requests[index])), stream)
            #expect(answer.first(name: "authorization") == "Bearer value-of-number-\(index + 1)")
        }
    }

    @Test mutating func whatWasGivenUpIsNotWritten() throws {
        var request: HPACKHeaders = [":method": "GET"]
        let mark = blocks.mark(for: .fields(try Self.credential("value-of-20-letters")))
        let other = try fields("another-of-20-letters")
        request.add(name: "credential", value: mark.text, indexing: .neverIndexed)
        blocks.discard(mark)
        #expect(try decoded(written(headers(1, request)), 1).contains(name: "authorization") == false)
        #expect(try decoded(written(headers(3, other)), 3).contains(name: "authorization"))
    }

    /// What an agent sends is data, and fields that may be indexed.
    @Test mutating func nobodyElseCanSayAMark() throws {
        let mark = blocks.mark(for: .fields(try Self.credential("value-of-20-letters"))).text
        var request: HPACKHeaders = [":method": "GET"]
        request.add(name: "credential", value: mark)
        request.add(name: "x-mark", value: mark, indexing: .nonIndexable)
        let answer = try decoded(written(headers(1, request)), 1)
        #expect(answer.map(\.value) == ["GET", mark, mark])

        var forged: HPACKHeaders = [":method": "GET"]
        forged.add(name: "credential", value: mark, indexing: .neverIndexed)
        var other = HPACKEncoder(allocator: ByteBufferAllocator())
        try other.beginEncoding(allocator: ByteBufferAllocator())
        try other.append(headers: forged)
        let block = try other.endEncoding()
        var data = Self.frame(1, 0x4, 1, block.readableBytes)
        data.writeImmutableBuffer(block)
        let head = Self.frame(0, 0x1, 1, data.readableBytes)
        #expect(try written(head, data) == [head, data])
    }
}
