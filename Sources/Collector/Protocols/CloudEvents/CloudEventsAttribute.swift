import CoreIngest

/// The rules for the attributes of an event (CloudEvents 1.0.2, section 3.1).
enum CloudEventsAttribute {
    static let required = ["specversion", "id", "source", "type"]

    /// What is wrong with an attribute that is set, for a person; nil where it keeps the rules. `value` is its text.
    static func problem(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> String? {
        guard isName(name) else { return "the name of an attribute is more than a-z and 0-9" }
        let text = String(decoding: name, as: UTF8.self)
        switch text {
        case "specversion": return value.elementsEqual("1.0".utf8) ? nil : "'specversion' is not 1.0"
        case "id", "source", "type", "subject", "dataschema": return value.isEmpty ? "'\(text)' is empty" : nil
        case "time": return TimeText.microseconds(value) == nil ? "'time' is no time of RFC 3339" : nil
        case "datacontenttype": return MediaType(value).isWellFormed ? nil : "'datacontenttype' is no media type"
        default: return nil
        }
    }

    /// The attributes that the specification defines are strings; extensions may be numbers and booleans.
    static func isString(_ name: UnsafeRawBufferPointer) -> Bool {
        ["specversion", "id", "source", "type", "subject", "dataschema", "time", "datacontenttype"]
            .contains { name.elementsEqual($0.utf8) }
    }

    private static func isName(_ name: UnsafeRawBufferPointer) -> Bool {
        !name.isEmpty && name.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }
}
