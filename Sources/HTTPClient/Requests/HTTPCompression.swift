import CZlib
import CZstd

/// How a request's body is compressed: RFC 9110 section 8.4, RFC 8878 for zstd.
package enum HTTPCompression: String, Sendable, CaseIterable {
    case none
    case gzip
    case zstd

    /// The value of `Content-Encoding`; nil for ``none``.
    var token: String? { self == .none ? nil : rawValue }

    /// The compressed bytes; nil for ``none``.
    func compress(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> [UInt8]? {
        switch self {
        case .none: nil
        case .gzip: try Self.gzip(bytes)
        case .zstd: try Self.zstd(bytes)
        }
    }

    private static func gzip(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> [UInt8] {
        guard bytes.count < 1 << 31 else {
            throw HTTPError(.badRequest, "a body of 2 GiB cannot be sent; use smaller batches")
        }
        var stream = z_stream()
        // 15 bits of window, and 16 for gzip's header and trailer around it: zlib.h, deflateInit2. Level 3: bodies are sent once.
        guard
            deflateInit2_(
                &stream, 3, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)
            )
                == Z_OK
        else { throw HTTPError(.resource, "zlib cannot start: out of memory") }
        defer { deflateEnd(&stream) }
        let most = Int(deflateBound(&stream, UInt(bytes.count)))
        var isWhole = false
        let out = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(bytes.count)
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(clamping: buffer.count)
            isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
            count = Int(stream.total_out)
        }
        guard isWhole else { throw HTTPError(.resource, "zlib cannot compress a body of \(bytes.count) bytes") }
        return out
    }

    private static func zstd(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> [UInt8] {
        var answer = 0
        let out = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { buffer, count in
            answer = ZSTD_compress(
                buffer.baseAddress, buffer.count, bytes.baseAddress, bytes.count, ZSTD_CLEVEL_DEFAULT)
            count = ZSTD_isError(answer) == 0 ? answer : 0
        }
        guard ZSTD_isError(answer) == 0 else {
            throw HTTPError(.resource, "zstd cannot compress: \(String(cString: ZSTD_getErrorName(answer)))")
        }
        return out
    }
}
