/// Looks over a file's bytes before the YAML parser sees them, so that it only ever gets text.
enum ConfigurationText {
    /// Throws at the first byte that is not UTF-8, and at the first control character besides tab and line ends.
    static func check(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
        var line = 1
        var column = 1
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            let here = SourcePosition(file: file, line: line, column: column)
            switch decoder.decode(&iterator) {
            case .emptyInput: return
            case .error: throw ConfigurationError(here, "not UTF-8; save the file as UTF-8")
            case .scalarValue("\n"):
                line += 1
                column = 1
            case .scalarValue("\t"), .scalarValue("\r"): column += 1
            case .scalarValue(let scalar):
                if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) && scalar.value != 0x85 {
                    let code = String(scalar.value, radix: 16)
                    throw ConfigurationError(here, "control character U+\(code.uppercased()); remove it")
                }
                column += 1
            }
        }
    }
}
