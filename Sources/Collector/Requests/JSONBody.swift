import CoreIngest

/// Small JSON texts of answers.
package enum JSONBody {
    /// `{"message":"…"}`
    package static func message(_ message: String) -> [UInt8] {
        var arena = ByteArena(capacity: message.utf8.count + 32)
        arena.append("{\"message\":")
        arena.appendJSONString(text: message)
        arena.append("}")
        return Array(arena.bytes)
    }
}
