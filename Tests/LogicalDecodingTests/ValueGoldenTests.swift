import CoreIngest
import TestServers
import Testing

@testable import LogicalDecoding

/// `Tests/Golden/values.txt`: a type, its text, its JSON, on three lines each. `<0A>` stands for a byte.
struct ValueGoldenTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var line: Int
        var type: String
        var text: [UInt8]
        var json: String
        var testDescription: String { "line \(line): \(type)" }
    }

    static let cases: [Case] = {
        let path = String(#filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" })
        var cases: [Case] = []
        var block: [Substring] = []
        for (number, line) in (readText("\(path)/Golden/values.txt") + "\n")
            .split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        {
            if line.hasPrefix("# ") { continue }
            if block.isEmpty, line.isEmpty { continue }
            block.append(line)
            guard block.count == 3 else { continue }
            cases.append(
                Case(line: number - 1, type: String(block[0]), text: bytes(block[1]), json: String(block[2])))
            block = []
        }
        return cases
    }()

    private static func bytes(_ line: Substring) -> [UInt8] {
        var out: [UInt8] = []
        let source = Array(line.utf8)
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "<"), index + 3 < source.count, source[index + 3] == UInt8(ascii: ">"),
                let byte = UInt8(String(decoding: source[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                out.append(byte)
                index += 4
            } else {
                out.append(source[index])
                index += 1
            }
        }
        return out
    }

    @Test func theFileOfCasesIsRead() { #expect(Self.cases.count > 150) }

    @Test("A value's text becomes the JSON that the file says", arguments: cases)
    func valueIsWritten(_ one: Case) throws {
        let oid = one.type == "unknown" ? 999_999 : try #require(SampleTypes.oid(one.type), "no type \(one.type)")
        let json = Self.json(one.text, oid)
        #expect(json == one.json)
        #expect(JSONCheck.isValid(json.utf8))
    }

    static func json(_ text: [UInt8], _ oid: UInt32, _ types: TypeCatalog = SampleTypes.catalog) -> String {
        var nested = NestedWriters()
        let writer = nested.writer(of: oid, in: types)
        var values = ValueWriter()
        var arena = ByteArena()
        text.withUnsafeBytes { values.write($0, as: writer, of: nested, into: &arena) }
        return String(decoding: arena.bytes, as: UTF8.self)
    }
}
