/// Regular expressions.
extension SchemaFormat {
    /// ECMA-262's grammar, in Unicode mode. What is too large for the parser is none; a property of characters that it does not
    /// know may be one.
    static func isPattern(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(PatternError) {
            _ = try PatternParser.parse(bytes)
            return true
        } catch {
            return error.code == .unsupported
        }
    }
}
