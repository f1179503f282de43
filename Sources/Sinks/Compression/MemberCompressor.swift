import CoreIngest

/// Compresses bytes into members: independent of each other, each ended by ``finish(into:)``.
protocol MemberCompressor: AnyObject {
    /// Compresses `bytes` into the open member, opening one where there is none; what is ready is appended to `output`.
    func append(_ bytes: UnsafeRawBufferPointer, into output: inout ByteArena) throws(CompressionFailure)
    /// Ends the open member: `output` then holds it whole.
    func finish(into output: inout ByteArena) throws(CompressionFailure)
}

/// Reads a file of members front to back and tells where the last whole one ends, with its checksum verified.
protocol MemberVerifier: AnyObject {
    /// Takes the next bytes. False once they are not a member: what follows is of no use.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool
    /// Bytes taken up to the end of the last whole member.
    var wholeBytes: Int { get }
}

/// The library's refusal: out of memory, or a state that it should not be in.
struct CompressionFailure: Error {
    var message: String
}
