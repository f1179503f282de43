@testable import CoreIngest

/// The reader: it accepts what ``PlainJSON`` accepts, and what it shows of a text, written down again, is the same value.
enum JSONTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        var reader = JSONReader()
        let view: JSONView
        do {
            view = try reader.read(input)
        } catch {
            promise(error.offset >= 0 && error.offset <= input.count, "an error beyond the text: \(error)")
            promise(!PlainJSON.accepts(input), "refused, but JSON: \(error)")
            return
        }
        promise(PlainJSON.accepts(input), "accepted, but not JSON")
        var copy = ByteArena(capacity: input.count + 16)
        var hasDuplicates = false
        write(view, 0, to: &copy, &hasDuplicates)
        var second = JSONReader()
        guard let again = try? second.read(copy.bytes) else {
            promise(false, "what was written again is refused: \(EventPromises.text(copy.bytes))")
            return
        }
        if !hasDuplicates {
            promise(JSONEquality.equal(view, 0, again, 0), "not equal to its copy: \(EventPromises.text(copy.bytes))")
        }
        var twice = ByteArena(capacity: copy.count)
        write(again, 0, to: &twice, &hasDuplicates)
        promise(twice.bytes.elementsEqual(copy.bytes), "another copy: \(EventPromises.text(twice.bytes))")
    }

    private static func write(_ view: JSONView, _ value: Int, to out: inout ByteArena, _ hasDuplicates: inout Bool) {
        switch view.kind(value) {
        case .null: out.append("null")
        case .boolean: out.append(view.boolean(value) == true ? "true" : "false")
        case .integer, .number: view.number(value).map { out.append($0) }
        case .string: out.appendJSONString(text: view.string(value) ?? "")
        case .array:
            out.append(UInt8(ascii: "["))
            var count = 0
            for element in view.elements(value) {
                if count > 0 { out.append(UInt8(ascii: ",")) }
                write(view, element, to: &out, &hasDuplicates)
                count += 1
            }
            out.append(UInt8(ascii: "]"))
            promise(count == view.count(value), "the count of elements")
            uniqueness(view, value)
        case .object:
            if view.hasDuplicateNames(value) { hasDuplicates = true }
            out.append(UInt8(ascii: "{"))
            var count = 0
            for member in view.members(value) {
                if count > 0 { out.append(UInt8(ascii: ",")) }
                let name = view.string(member.name) ?? ""
                out.appendJSONString(text: name)
                out.append(UInt8(ascii: ":"))
                write(view, member.value, to: &out, &hasDuplicates)
                promise(view.member(value, named: name) != nil, "the member '\(name)' is not found")
                count += 1
            }
            out.append(UInt8(ascii: "}"))
            promise(count == view.count(value), "the count of members")
        }
        let text = view.text(value)
        promise(text.count > 0 && !(text.first.map { $0 <= 0x20 } ?? true), "the text of a value begins with space")
    }

    /// By hashes and by comparing each with each.
    private static func uniqueness(_ view: JSONView, _ array: Int) {
        let elements = Array(view.elements(array))
        guard elements.count <= 16 else { return }
        var areUnique = true
        for (index, one) in elements.enumerated() {
            for other in elements[(index + 1)...] where JSONEquality.equal(view, one, view, other) {
                areUnique = false
            }
        }
        promise(JSONEquality.areUnique(view, array) == areUnique, "uniqueness by hash")
    }
}
