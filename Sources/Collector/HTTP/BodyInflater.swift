import CZlib
import CZstd
import CoreIngest

/// Undoes content encodings: gzip, deflate and zstd, never past a bound. One per event loop.
///
/// A body that grows by more than ``Limits/ratio`` is refused too: no honest event does, and a small request must not cost as
/// much as a large one.
final class BodyInflater {
    struct Limits: Sendable {
        /// Bytes of an inflated body.
        var bytes = 8 << 20
        /// Times as many bytes as the body as sent, past the first 64 KiB.
        var ratio = 100
    }

    enum Encoding: Equatable {
        case gzip, deflate, zstd

        /// Nil for one that is not taken.
        init?(_ name: UnsafeRawBufferPointer) {
            if name.isText("gzip") || name.isText("x-gzip") {
                self = .gzip
            } else if name.isText("deflate") {
                self = .deflate
            } else if name.isText("zstd") {
                self = .zstd
            } else {
                return nil
            }
        }
    }

    private let limits: Limits
    /// The inflated body; valid until the next call.
    private(set) var output = ByteArena(capacity: 64)
    // zlib keeps a pointer to it, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var hasStream = false
    private var zstd: OpaquePointer?
    private static let step = 64 << 10

    init(limits: Limits) {
        self.limits = limits
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        if hasStream { inflateEnd(stream) }
        stream.deallocate()
        ZSTD_freeDCtx(zstd)
    }

    /// Inflates a body into ``output``.
    func inflate(_ body: UnsafeRawBufferPointer, _ encoding: Encoding) throws(RequestProblem) {
        // What one large body needed is given back.
        if output.capacity > 1 << 20 { output = ByteArena(capacity: 64) }
        output.truncate(to: 0)
        guard body.count > 0 else { throw malformed(encoding) }
        switch encoding {
        case .gzip, .deflate: try inflateZlib(body, encoding)
        case .zstd: try inflateZstd(body)
        }
    }

    private func inflateZlib(_ body: UnsafeRawBufferPointer, _ encoding: Encoding) throws(RequestProblem) {
        // 15 bits of window; 16 more: gzip's header; negative: no header at all. HTTP's deflate has zlib's header (RFC 9110,
        // section 8.4.1.2), and some clients leave it out.
        let hasHeader = body.count >= 2 && body[0] & 15 == 8 && (Int(body[0]) << 8 | Int(body[1])) % 31 == 0
        let window: Int32 = encoding == .gzip ? 15 + 16 : hasHeader ? 15 : -15
        let answer =
            hasStream
            ? inflateReset2(stream, window)
            : inflateInit2_(stream, window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard answer == Z_OK else {
            throw RequestProblem(status: 503, message: "there is no memory to inflate the body; send it again later")
        }
        hasStream = true
        guard let base = body.baseAddress else { return }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(clamping: body.count)
        while true {
            let room = try room(body.count)
            stream.pointee.next_out = (output.base + output.used).assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(room)
            let answer = CZlib.inflate(stream, Z_NO_FLUSH)
            output.used += room - Int(stream.pointee.avail_out)
            switch answer {
            case Z_OK: continue
            case Z_STREAM_END:
                if stream.pointee.avail_in == 0 { return }
                // Gzip allows several members one after the other.
                guard encoding == .gzip, inflateReset(stream) == Z_OK else { throw malformed(encoding) }
            default: throw malformed(encoding)
            }
        }
    }

    private func inflateZstd(_ body: UnsafeRawBufferPointer) throws(RequestProblem) {
        if zstd == nil {
            zstd = ZSTD_createDCtx()
            // A frame may ask for a window of up to 2 GiB; 8 MiB is what every decoder must take (RFC 8878, section 3.1.1.1.2).
            _ = ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, 23)
        }
        _ = ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only)
        var input = ZSTD_inBuffer(src: body.baseAddress, size: body.count, pos: 0)
        var rest = 1
        while input.pos < input.size || rest != 0 {
            let room = try room(body.count)
            var out = ZSTD_outBuffer(dst: output.base + output.used, size: room, pos: 0)
            let before = input.pos
            rest = ZSTD_decompressStream(zstd, &out, &input)
            guard ZSTD_isError(rest) == 0 else { throw malformed(.zstd) }
            output.used += out.pos
            // Nothing moved, and the frame is not over: it was cut off.
            if input.pos == before, out.pos == 0, rest != 0 { throw malformed(.zstd) }
        }
    }

    /// Makes room for a step, within the bounds.
    private func room(_ sent: Int) throws(RequestProblem) -> Int {
        if output.count > limits.bytes {
            throw RequestProblem(status: 413, message: "the inflated body has more than \(limits.bytes) bytes")
        }
        if output.count > 64 << 10, output.count / limits.ratio > sent {
            throw RequestProblem(
                status: 413, message: "the body inflates to more than \(limits.ratio) times its size")
        }
        let room = min(Self.step, limits.bytes + 1 - output.count)
        output.reserve(room)
        return room
    }

    private func malformed(_ encoding: Encoding) -> RequestProblem {
        RequestProblem(status: 400, message: "the body is no whole \(encoding) stream, as Content-Encoding says")
    }
}
