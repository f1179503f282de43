import CoreIngest
import Testing

@testable import Collector

@Suite("Form fields")
struct FormFieldsTests {
    @Test(
        "Pairs are decoded in order",
        arguments: [
            ("", []), ("a=1&b=2", ["a=1", "b=2"]), ("a", ["a="]), ("=x", ["=x"]), ("&&a=b=c&", ["a=b=c"]),
            ("a+b=%c3%A4+%2B", ["a b=ä +"]), ("a=100%&b=%4", ["a=100%", "b=%4"]), ("a=%C0%A0", ["a=\u{FFFD}\u{FFFD}"]),
        ])
    func pairs(text: String, expected: [String]) {
        var form = FormFields()
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { form.read($0) }
        var read: [String] = []
        for field in form.fields {
            read.append(
                "\(String(decoding: form.arena[field.name], as: UTF8.self))=\(String(decoding: form.arena[field.value], as: UTF8.self))"
            )
        }
        #expect(read == expected)
        let isCut = form.isCut
        #expect(!isCut)
    }

    @Test("Pairs past the limit are left out")
    func limit() {
        var form = FormFields()
        let bytes = Array("a=1&b=2&c=3".utf8)
        bytes.withUnsafeBytes { form.read($0, limit: 2) }
        let (count, isCut) = (form.fields.count, form.isCut)
        #expect(count == 2)
        #expect(isCut)
        let (second, third) = (form.first("b"), form.first("c"))
        let value = second.map { String(decoding: form.arena[$0], as: UTF8.self) }
        #expect(value == "2")
        #expect(third == nil)
    }
}
