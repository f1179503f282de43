package import CoreIngest

extension ByteArena {
    /// Appends a form as a JSON object of strings: a name that occurs several times has an array of its values, in order.
    package mutating func append(fields form: borrowing FormFields, leavingOut left: Set<[UInt8]> = []) {
        var order: [[UInt8]] = []
        var values: [[UInt8]: [ByteRange]] = [:]
        for field in form.fields {
            let name = Array(form.arena[field.name])
            if left.contains(name) { continue }
            if values[name] == nil { order.append(name) }
            values[name, default: []].append(field.value)
        }
        append("{")
        for (index, name) in order.enumerated() {
            if index > 0 { append(",") }
            name.withUnsafeBytes { appendJSONString($0) }
            append(":")
            let all = values[name] ?? []
            if all.count > 1 { append("[") }
            for (place, value) in all.enumerated() {
                if place > 0 { append(",") }
                appendJSONString(form.arena[value])
            }
            if all.count > 1 { append("]") }
        }
        append("}")
    }
}
