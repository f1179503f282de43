import CZlib
import CoreIngest

/// 15 bits of window, and 16 for gzip's header and trailer around it: zlib.h, deflateInit2.
private let gzipWindowBits: Int32 = 15 + 16

final class GzipCompressor: MemberCompressor {
    // zlib keeps a pointer to it, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>

    init() throws(CompressionFailure) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let answer = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzipWindowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard answer == Z_OK else {
            stream.deallocate()
            throw CompressionFailure(message: "zlib cannot start (\(answer))")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func append(_ bytes: UnsafeRawBufferPointer, into output: inout ByteArena) throws(CompressionFailure) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            // avail_in has 32 bits.
            let count = min(rest.count, 1 << 30)
            stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = UInt32(count)
            while stream.pointee.avail_in > 0 { _ = try step(Z_NO_FLUSH, into: &output) }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    func finish(into output: inout ByteArena) throws(CompressionFailure) {
        stream.pointee.next_in = nil
        stream.pointee.avail_in = 0
        while try step(Z_FINISH, into: &output) != Z_STREAM_END {}
        guard deflateReset(stream) == Z_OK else { throw CompressionFailure(message: "zlib cannot start a member") }
    }

    private func step(_ flush: Int32, into output: inout ByteArena) throws(CompressionFailure) -> Int32 {
        let room = 64 << 10
        output.reserve(room)
        stream.pointee.next_out = (output.base + output.used).assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        let answer = deflate(stream, flush)
        output.used += room - Int(stream.pointee.avail_out)
        guard answer == Z_OK || answer == Z_STREAM_END else {
            throw CompressionFailure(message: "zlib cannot compress (\(answer))")
        }
        return answer
    }
}

final class GzipVerifier: MemberVerifier {
    private let stream: UnsafeMutablePointer<z_stream>
    private let scratch: UnsafeMutableRawBufferPointer
    private var taken = 0
    private(set) var wholeBytes = 0

    init() throws(CompressionFailure) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let answer = inflateInit2_(stream, gzipWindowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard answer == Z_OK else {
            stream.deallocate()
            throw CompressionFailure(message: "zlib cannot start (\(answer))")
        }
        scratch = .allocate(byteCount: 256 << 10, alignment: 16)
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        scratch.deallocate()
    }

    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(bytes.count)
        while stream.pointee.avail_in > 0 {
            stream.pointee.next_out = scratch.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(scratch.count)
            let answer = inflate(stream, Z_NO_FLUSH)
            if answer == Z_STREAM_END {
                wholeBytes = taken + bytes.count - Int(stream.pointee.avail_in)
                guard inflateReset(stream) == Z_OK else { return false }
            } else if answer != Z_OK {
                return false
            }
        }
        taken += bytes.count
        return true
    }
}
