private import CLibCrypto

/// Base64 as texts: RFC 4648 sections 4 and 5. For tokens and digests; bodies of events are written by their arena.
package enum Base64 {
    /// With padding.
    package static func text(_ bytes: [UInt8]) -> String {
        // EVP_EncodeBlock counts in Int32, and ends its output with a zero byte.
        precondition(bytes.count < 1 << 30)
        var out = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let count = EVP_EncodeBlock(&out, bytes, Int32(bytes.count))
        return String(decoding: out.prefix(Int(count)), as: UTF8.self)
    }

    /// In the alphabet for addresses, without padding.
    package static func urlText(_ bytes: [UInt8]) -> String {
        var out = ""
        for scalar in text(bytes).unicodeScalars {
            switch scalar {
            case "+": out += "-"
            case "/": out += "_"
            case "=": break
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
