/// JSON Schema's own output format `basic`: drafts 2019-09 and 2020-12, core, section 12.4.2.
///
/// Every branch of every `anyOf` and `oneOf` is in the list. Annotations are there only when the schema was compiled with
/// ``SchemaOptions/keepsAnnotations``.
extension PayloadValidator {
    /// Appends the output on one payload, one line of JSON; answers whether it passes.
    package func appendBasicOutput(
        on payload: UnsafeRawBufferPointer, to arena: inout ByteArena, reporting: SchemaReporting = SchemaReporting()
    ) -> Bool {
        let found = SchemaReporter.look(program, payload, partial: false, reporting: reporting, isExhaustive: true)
        let isValid = found.failures.isEmpty
        arena.append("{\"valid\":")
        arena.append(text: isValid ? "true" : "false")
        arena.append(",\"keywordLocation\":\"\",\"instanceLocation\":\"\"")
        if !isValid {
            arena.append(",\"errors\":[")
            for (index, failure) in found.failures.enumerated() {
                if index > 0 { arena.append(UInt8(ascii: ",")) }
                Self.begin(false, failure.schemaPath, failure.schemaLocation, failure.instancePath, &arena)
                arena.append(",\"error\":")
                arena.appendJSONString(text: failure.message)
                arena.append(UInt8(ascii: "}"))
            }
            arena.append(UInt8(ascii: "]"))
        } else if !found.annotations.isEmpty {
            arena.append(",\"annotations\":[")
            for (index, annotation) in found.annotations.enumerated() {
                if index > 0 { arena.append(UInt8(ascii: ",")) }
                Self.begin(true, annotation.schemaPath, annotation.schemaLocation, annotation.instancePath, &arena)
                arena.append(",\"annotation\":")
                arena.append(text: annotation.value)
                arena.append(UInt8(ascii: "}"))
            }
            arena.append(UInt8(ascii: "]"))
        }
        arena.append(UInt8(ascii: "}"))
        return isValid
    }

    private static func begin(
        _ isValid: Bool, _ path: String, _ location: String, _ place: String, _ arena: inout ByteArena
    ) {
        arena.append("{\"valid\":")
        arena.append(text: isValid ? "true" : "false")
        arena.append(",\"keywordLocation\":")
        arena.appendJSONString(text: String(path.dropFirst()))
        arena.append(",\"absoluteKeywordLocation\":")
        arena.appendJSONString(text: location)
        arena.append(",\"instanceLocation\":")
        arena.appendJSONString(text: place)
    }
}
