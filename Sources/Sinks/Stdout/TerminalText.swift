/// One line for a terminal: counts its columns, cuts at a limit, and holds nothing that the terminal would obey.
struct TerminalText {
    private(set) var bytes: [UInt8] = []
    /// Columns used so far.
    private(set) var columns = 0
    let usesColor: Bool

    init(usesColor: Bool) { self.usesColor = usesColor }

    /// Parameters of ECMA-48's SGR sequence.
    enum Style: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case magenta = "35"
        case cyan = "36"
        case bold = "1"
        case faint = "2"
    }

    /// Appends text; where it would pass column `limit` it is cut and ends in `…`.
    mutating func append(_ text: some StringProtocol, _ style: Style? = nil, limit: Int = .max) {
        let room = limit - columns
        let width = text.unicodeScalars.reduce(0) { $0 + Self.width($1) }
        guard room > 0, width > 0 else { return }
        if usesColor, let style { bytes += Array("\u{1B}[\(style.rawValue)m".utf8) }
        let available = width <= room ? width : room - 1
        var used = 0
        for scalar in text.unicodeScalars {
            used += Self.width(scalar)
            if used > available { break }
            Self.append(scalar, to: &bytes)
        }
        columns += min(used, available)
        if width > room {
            bytes += Array("…".utf8)
            columns += 1
        }
        if usesColor, style != nil { bytes += Array("\u{1B}[0m".utf8) }
    }

    /// The bytes of a line of JSON, what a terminal would obey written as `\u` escapes: the same JSON for a reader.
    static func harmless(_ line: UnsafeRawBufferPointer) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.count + 16)
        for scalar in String(decoding: line, as: UTF8.self).unicodeScalars { append(scalar, to: &bytes) }
        return bytes
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        if isHarmful(scalar) {
            let digits = String(scalar.value, radix: 16)
            bytes += Array("\\u".utf8) + Array(repeating: UInt8(ascii: "0"), count: 4 - digits.utf8.count)
            bytes += Array(digits.utf8)
        } else {
            bytes += Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    /// Control characters, and the marks that turn the direction of text around. All lie below U+10000.
    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// Columns of a scalar, near enough: 0 for combining marks, 2 for East Asian wide ones and emoji.
    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x20...0x7E: return 1
        case 0x200B...0x200D, 0xFE00...0xFE0F: return 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: break
        }
        if isHarmful(scalar) { return 6 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: return 1
        }
    }
}
