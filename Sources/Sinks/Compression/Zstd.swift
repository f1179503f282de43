import CZstd
import CoreIngest

final class ZstdCompressor: MemberCompressor {
    private let context: OpaquePointer

    init() throws(CompressionFailure) {
        guard let context = ZSTD_createCCtx() else { throw CompressionFailure(message: "zstd cannot start") }
        self.context = context
        // The checksum lets a torn frame be told from a whole one.
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit { ZSTD_freeCCtx(context) }

    func append(_ bytes: UnsafeRawBufferPointer, into output: inout ByteArena) throws(CompressionFailure) {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while input.pos < input.size { _ = try step(&input, ZSTD_e_continue, into: &output) }
    }

    func finish(into output: inout ByteArena) throws(CompressionFailure) {
        var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        while try step(&input, ZSTD_e_end, into: &output) != 0 {}
    }

    /// Answers how many bytes the library still holds back, at least; 0 when a frame is complete.
    private func step(
        _ input: inout ZSTD_inBuffer, _ directive: ZSTD_EndDirective, into output: inout ByteArena
    ) throws(CompressionFailure) -> Int {
        let room = 128 << 10
        output.reserve(room)
        var target = ZSTD_outBuffer(dst: output.base + output.used, size: room, pos: 0)
        let answer = ZSTD_compressStream2(context, &target, &input, directive)
        output.used += target.pos
        guard ZSTD_isError(answer) == 0 else {
            throw CompressionFailure(message: "zstd cannot compress: \(String(cString: ZSTD_getErrorName(answer)))")
        }
        return answer
    }
}

final class ZstdVerifier: MemberVerifier {
    private let context: OpaquePointer
    private let scratch: UnsafeMutableRawBufferPointer
    private var taken = 0
    private(set) var wholeBytes = 0

    init() throws(CompressionFailure) {
        guard let context = ZSTD_createDCtx() else { throw CompressionFailure(message: "zstd cannot start") }
        self.context = context
        scratch = .allocate(byteCount: 256 << 10, alignment: 16)
    }

    deinit {
        ZSTD_freeDCtx(context)
        scratch.deallocate()
    }

    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var outputWasFull = false
        while input.pos < input.size || outputWasFull {
            var target = ZSTD_outBuffer(dst: scratch.baseAddress, size: scratch.count, pos: 0)
            let answer = ZSTD_decompressStream(context, &target, &input)
            guard ZSTD_isError(answer) == 0 else { return false }
            outputWasFull = target.pos == target.size && answer != 0
            if answer == 0 { wholeBytes = taken + input.pos }
        }
        taken += bytes.count
        return true
    }
}
