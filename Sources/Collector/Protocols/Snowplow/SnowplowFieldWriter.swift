import CoreIngest

/// Writes fields of a Snowplow event as members of a JSON object.
struct SnowplowFieldWriter: ~Copyable {
    private(set) var json = ByteArena(capacity: 2048)
    private var isFirst = true

    mutating func begin() {
        json.truncate(to: 0)
        json.append("{")
        isFirst = true
    }

    mutating func end() { json.append("}") }

    /// `"NAME":`
    mutating func name(_ name: StaticString) {
        comma()
        json.append("\"")
        json.append(name)
        json.append("\":")
    }

    mutating func name(text: UnsafeRawBufferPointer) {
        comma()
        json.appendJSONString(text)
        json.append(":")
    }

    mutating func string(_ name: StaticString, _ text: UnsafeRawBufferPointer) {
        self.name(name)
        json.appendJSONString(text)
    }

    mutating func time(_ name: StaticString, _ microseconds: Int64) {
        self.name(name)
        json.append("\"")
        json.append(timestamp: microseconds)
        json.append("\"")
    }

    /// JSON, as it is.
    mutating func raw(_ text: UnsafeRawBufferPointer) { json.append(text) }

    mutating func text(_ text: UnsafeRawBufferPointer) { json.appendJSONString(text) }

    mutating func open(_ name: StaticString) {
        self.name(name)
        json.append("{")
        isFirst = true
    }

    mutating func close() {
        json.append("}")
        isFirst = false
    }

    /// Writes a field; what does not fit its kind stays a string.
    mutating func field(_ field: Int, _ text: UnsafeRawBufferPointer) {
        let definition = SnowplowField.all[field]
        if case .size(let height) = definition.kind, let middle = text.firstIndex(of: UInt8(ascii: "x")) {
            let wide = UnsafeRawBufferPointer(rebasing: text[..<middle])
            let high = UnsafeRawBufferPointer(rebasing: text[(middle + 1)...])
            if NumberText.isNumber(wide, isWhole: true), NumberText.isNumber(high, isWhole: true) {
                column(definition.column)
                json.append(wide)
                column(height)
                json.append(high)
                return
            }
        }
        column(definition.column)
        switch definition.kind {
        case .integer where NumberText.isNumber(text, isWhole: true): json.append(text)
        case .number where NumberText.isNumber(text): json.append(text)
        case .flag where text.elementsEqual("1".utf8) || text.elementsEqual("true".utf8): json.append("true")
        case .flag where text.elementsEqual("0".utf8) || text.elementsEqual("false".utf8): json.append("false")
        case .time:
            if let time = TimeText.milliseconds(text) {
                json.append("\"")
                json.append(timestamp: time)
                json.append("\"")
            } else {
                json.appendJSONString(text)
            }
        case .string, .integer, .number, .flag, .size, .special: json.appendJSONString(text)
        }
    }

    private mutating func column(_ name: String) {
        comma()
        json.append("\"")
        json.append(text: name)
        json.append("\":")
    }

    private mutating func comma() {
        if !isFirst { json.append(",") }
        isFirst = false
    }
}
