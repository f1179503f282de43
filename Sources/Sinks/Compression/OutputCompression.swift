/// How a file is compressed: as independent members (gzip) or frames (zstd), one after the other, so that a file which
/// ends between two of them is whole. Sources: RFC 1952 section 2.2, RFC 8878 section 3.
package enum OutputCompression: String, Sendable, CaseIterable {
    case none
    case gzip
    case zstd

    /// What a file's name ends with.
    package var suffix: String {
        switch self {
        case .none: ""
        case .gzip: ".gz"
        case .zstd: ".zst"
        }
    }

    /// A compressor; nil for ``none``.
    func makeCompressor() throws(CompressionFailure) -> (any MemberCompressor)? {
        switch self {
        case .none: nil
        case .gzip: try GzipCompressor()
        case .zstd: try ZstdCompressor()
        }
    }

    /// A reader that finds the ends of whole members; nil for ``none``.
    func makeVerifier() throws(CompressionFailure) -> (any MemberVerifier)? {
        switch self {
        case .none: nil
        case .gzip: try GzipVerifier()
        case .zstd: try ZstdVerifier()
        }
    }
}
