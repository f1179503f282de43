/// Messages of a gRPC body, one after the other: a byte that says whether it is compressed, its length in four, its bytes.
/// Source: github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md.
package enum GRPCFrames {
    package static let headBytes = 5

    /// The five bytes before a message that is not compressed.
    package static func head(of count: Int) -> [UInt8] {
        precondition(count >= 0 && count <= Int(UInt32.max))
        return [0, UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)]
    }

    /// The messages of a body. Throws where it is not whole, or compressed, which nobody asked for.
    static func messages(_ body: [UInt8], from origin: String) throws(GRPCError) -> [ArraySlice<UInt8>] {
        var messages: [ArraySlice<UInt8>] = []
        var at = 0
        while at < body.count {
            guard body.count - at >= headBytes, body[at] == 0 else {
                throw GRPCError(.internal, "the answer of \(origin) is not made of messages of gRPC")
            }
            let count = body[(at + 1)..<(at + headBytes)].reduce(0) { $0 << 8 | Int($1) }
            at += headBytes
            guard count <= body.count - at else {
                throw GRPCError(.unavailable, "the answer of \(origin) ends within a message")
            }
            messages.append(body[at..<(at + count)])
            at += count
        }
        return messages
    }
}
