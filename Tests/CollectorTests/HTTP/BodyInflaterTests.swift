import CZlib
import CZstd
import CoreIngest
import Testing

@testable import Collector

@Suite("Content encodings")
struct BodyInflaterTests {
    static func deflated(_ bytes: [UInt8], window: Int32) -> [UInt8] {
        var stream = z_stream()
        var out = [UInt8](repeating: 0, count: bytes.count + 1000)
        var count = 0
        var input = bytes
        let room = UInt32(out.count)
        input.withUnsafeMutableBufferPointer { input in
            out.withUnsafeMutableBufferPointer { out in
                deflateInit2_(
                    &stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                    Int32(MemoryLayout<z_stream>.size))
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = out.baseAddress
                stream.avail_out = room
                deflate(&stream, Z_FINISH)
                count = Int(room - stream.avail_out)
                deflateEnd(&stream)
            }
        }
        return Array(out[..<count])
    }

    static func gzip(_ bytes: [UInt8]) -> [UInt8] { deflated(bytes, window: 31) }

    static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let count = ZSTD_compress(&out, out.count, bytes, bytes.count, 3)
        return Array(out[..<count])
    }

    private func inflate(
        _ bytes: [UInt8], _ encoding: BodyInflater.Encoding, _ limits: BodyInflater.Limits = .init()
    ) throws(RequestProblem) -> [UInt8] {
        let inflater = BodyInflater(limits: limits)
        // Twice: the stream is used again.
        for _ in 0..<2 {
            var problem: RequestProblem?
            bytes.withUnsafeBytes { bytes in
                do throws(RequestProblem) { try inflater.inflate(bytes, encoding) } catch { problem = error }
            }
            if let problem { throw problem }
        }
        return Array(inflater.output.bytes)
    }

    private static let text = Array(String(repeating: "{\"a\":1}", count: 20_000).utf8)

    @Test("Each encoding gives the body back")
    func round() throws {
        #expect(try inflate(Self.gzip(Self.text), .gzip, .init(bytes: 8 << 20, ratio: 10_000)) == Self.text)
        #expect(
            try inflate(Self.deflated(Self.text, window: 15), .deflate, .init(bytes: 8 << 20, ratio: 10_000))
                == Self.text)
        #expect(
            try inflate(Self.deflated(Self.text, window: -15), .deflate, .init(bytes: 8 << 20, ratio: 10_000))
                == Self.text)
        #expect(try inflate(Self.zstd(Self.text), .zstd, .init(bytes: 8 << 20, ratio: 100_000)) == Self.text)
        #expect(try inflate(Self.gzip([1, 2]) + Self.gzip([3]), .gzip) == [1, 2, 3])
    }

    @Test("What is cut off, or goes on, or is something else is refused")
    func broken() {
        for (bytes, encoding) in [
            (Self.gzip(Self.text), BodyInflater.Encoding.gzip), (Self.zstd(Self.text), .zstd),
            (Self.deflated(Self.text, window: 15), .deflate),
        ] {
            let limits = BodyInflater.Limits(bytes: 8 << 20, ratio: 100_000)
            for broken in [Array(bytes.dropLast()), bytes + [7], Array("{\"a\":1}".utf8), []] {
                #expect { try inflate(broken, encoding, limits) } throws: { ($0 as? RequestProblem)?.status == 400 }
            }
        }
    }

    @Test("A bomb is refused when it passes the bound, by size or by ratio")
    func bombs() {
        let large = [UInt8](repeating: 0x20, count: 4 << 20)
        for (bytes, encoding) in [(Self.gzip(large), BodyInflater.Encoding.gzip), (Self.zstd(large), .zstd)] {
            #expect { try inflate(bytes, encoding, .init(bytes: 1 << 20, ratio: 1 << 20)) } throws: {
                ($0 as? RequestProblem)?.status == 413
            }
            #expect { try inflate(bytes, encoding, .init(bytes: 8 << 20, ratio: 100)) } throws: {
                ($0 as? RequestProblem)?.status == 413
            }
        }
    }
}
