// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import ProxyRules
internal import VaultModel

/// Puts credentials into the requests of a connection of HTTP/2 as the last step before TLS.
///
/// The library makes blocks of fields from strings, and a credential never is one. So a request says a mark instead, in a
/// field of its own or as its path, and the credential is written where the mark stands in the encoded block. Marks are the
/// only fields that are never indexed (RFC 7541 §6.2.3), and what takes their place is not indexed either: neither end keeps
/// it for the fields that follow. Every property is touched on the channel's event loop only.
final class CredentialBlocks: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// What a mark stands for.
    enum Meaning {
        /// The credential's fields, for the whole field with the mark.
        case fields(RenderedCredential)
        /// This path with the credential's parameter behind it, for the mark.
        case path(String, RenderedCredential)
    }

    /// As long as every target takes a frame (RFC 9113 §4.2).
    private static let mostFrameBytes = 16_384
    private static let frameHeadBytes = 9

    private var meanings: [BlockMark: Meaning] = [:]
    private var newest = BlockMark(number: 0)
    /// The library writes the head of a frame of data first and then the data, which may look like anything.
    private var isDataNext = false

    /// A mark for one field of one request.
    func mark(for meaning: Meaning) -> BlockMark {
        newest = BlockMark(number: newest.number &+ 1)
        meanings[newest] = meaning
        return newest
    }

    /// Takes a mark back whose request may never be written.
    func discard(_ mark: BlockMark) { meanings[mark] = nil }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        guard !isDataNext, case .byteBuffer(let frame) = part,
            let head = frame.viewBytes(at: frame.readerIndex, length: Self.frameHeadBytes)
        else {
            isDataNext = false
            return context.write(wrapOutboundOut(part), promise: promise)
        }
        let type = head[head.startIndex + 3]
        isDataNext = type == FrameType.data
        guard type == FrameType.headers, !meanings.isEmpty, let filled = filled(frame, context.channel.allocator) else {
            return context.write(wrapOutboundOut(part), promise: promise)
        }
        write(filled, context, promise)
    }

    /// The frame with credentials in the place of its marks, however long it is; nil where it has none.
    private func filled(_ frame: ByteBuffer, _ allocator: ByteBufferAllocator) -> ByteBuffer? {
        var fields = EncodedFields(frame, from: frame.readerIndex + Self.frameHeadBytes)
        var filled: ByteBuffer?
        var copied = frame.readerIndex
        while let field = fields.next() {
            guard let mark = field.mark, let meaning = meanings.removeValue(forKey: mark) else { continue }
            // Room at once: a buffer that grows, or has two holders, leaves copies behind.
            var next = filled ?? allocator.buffer(capacity: frame.readableBytes + meaning.mostBytes)
            filled = nil
            next.writeImmutableBuffer(frame.getSlice(at: copied, length: field.start - copied) ?? ByteBuffer())
            switch meaning {
            case .fields(let credential): next.writeFields(of: credential)
            case .path(let path, let credential):
                let name = frame.getSlice(at: field.start, length: field.value - field.start)
                next.writeImmutableBuffer(name ?? ByteBuffer())
                next.writePath(path, with: credential)
            }
            copied = field.end
            filled = next
        }
        filled?.writeImmutableBuffer(frame.getSlice(at: copied, length: frame.writerIndex - copied) ?? ByteBuffer())
        return filled
    }

    /// Writes a block that has the head of its frame as it was, in as many frames as it needs (RFC 9113 §6.10).
    private func write(_ block: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        var block = block
        let start = block.readerIndex
        let flags = block.getInteger(at: start + 4, as: UInt8.self) ?? 0
        let stream = block.getInteger(at: start + 5, as: UInt32.self) ?? 0
        let most = Self.mostFrameBytes
        let length = min(block.readableBytes - Self.frameHeadBytes, most)
        var left = block.readableBytes - Self.frameHeadBytes - length
        block.setFrameHead(
            at: start,
            length: length,
            FrameType.headers,
            flags: left == 0 ? flags : flags & ~FrameFlag.endHeaders,
            stream
        )
        let first = block.readSlice(length: Self.frameHeadBytes + length) ?? ByteBuffer()
        context.write(wrapOutboundOut(.byteBuffer(first)), promise: left == 0 ? promise : nil)
        while left > 0 {
            let length = min(left, most)
            left -= length
            var head = context.channel.allocator.buffer(capacity: Self.frameHeadBytes)
            head.setFrameHead(
                at: 0,
                length: length,
                FrameType.continuation,
                flags: left == 0 ? FrameFlag.endHeaders : 0,
                stream
            )
            head.moveWriterIndex(to: Self.frameHeadBytes)
            context.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
            let next = block.readSlice(length: length) ?? ByteBuffer()
            context.write(wrapOutboundOut(.byteBuffer(next)), promise: left == 0 ? promise : nil)
        }
    }
}

private enum FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let continuation: UInt8 = 9
}

private enum FrameFlag {
    static let endHeaders: UInt8 = 4
}

extension CredentialBlocks.Meaning {
    /// As much as it takes at most.
    fileprivate var mostBytes: Int {
        switch self {
        case .fields(let credential): credential.headerLines.withBytes { $0.count * 2 } + 64
        case .path(let path, let credential): path.utf8.count + credential.queryPair.withBytes { $0.count } + 64
        }
    }
}

extension ByteBuffer {
    /// The fields of a credential, each a literal that is never indexed.
    fileprivate mutating func writeFields(of credential: RenderedCredential) {
        credential.headerLines.withBytes { lines in
            for line in lines.split(separator: UInt8(ascii: "\n")) {
                // `Name: value` and a carriage return, as it was rendered.
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
                let name = line[..<colon]
                let value = line[colon...].dropFirst(2).dropLast()
                writeInteger(0x10 as UInt8)
                writeStringLength(name.count)
                writeBytes(name.lazy.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 })
                writeStringLength(value.count)
                writeBytes(value)
            }
        }
    }

    /// A value of `:path`, with the credential's parameter at its end.
    fileprivate mutating func writePath(_ path: String, with credential: RenderedCredential) {
        credential.queryPair.withBytes { pair in
            writeStringLength(path.utf8.count + 1 + pair.count)
            writeString(path)
            writeStaticString(path.contains("?") ? "&" : "?")
            writeBytes(pair)
        }
    }

    /// The length of a string that is written as it is (RFC 7541 §5.1, §5.2).
    private mutating func writeStringLength(_ length: Int) {
        guard length >= 0x7F else {
            writeInteger(UInt8(length))
            return
        }
        writeInteger(0x7F as UInt8)
        var left = length - 0x7F
        while left >= 0x80 {
            writeInteger(UInt8(left & 0x7F | 0x80))
            left >>= 7
        }
        writeInteger(UInt8(left))
    }

    /// RFC 9113 §4.1.
    fileprivate mutating func setFrameHead(at index: Int, length: Int, _ type: UInt8, flags: UInt8, _ stream: UInt32) {
        setInteger(UInt32(length) << 8 | UInt32(type), at: index)
        setInteger(flags, at: index + 4)
        setInteger(stream, at: index + 5)
    }
}
