import CoreIngest
import TestServers
import Testing

@testable import Sinks

/// What Postgres writes is the measure: see also `VerifyTests`, where whole tables of every type are compared.
@Suite("Canonical texts")
struct CanonicalTextTests {
    @Test(
        "Numbers are written as Postgres writes them",
        arguments: [
            (0.1, "0.1", "0.1"), (1e20, "1e+20", "1e+20"), (123456.0, "123456", "123456"),
            (1_234_567.0, "1234567", "1.234567e+06"),
            (1e14, "100000000000000", "1e+14"), (1e15, "1e+15", "1e+15"), (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "1e-05"), (-0.0, "-0", "-0"), (-2.5, "-2.5", "-2.5"), (100.0, "100", "100"),
            (.leastNonzeroMagnitude, "5e-324", "0"), (.infinity, "Infinity", "Infinity"),
            (-.infinity, "-Infinity", "-Infinity"),
            (.nan, "NaN", "NaN"), (1e100, "1e+100", "Infinity"), (999999.5, "999999.5", "999999.5"),
        ] as [(Double, String, String)])
    func numbers(value: Double, double: String, real: String) {
        var text = ByteArena(capacity: 32)
        text.append(value, bits: 64)
        #expect(String(decoding: text.bytes, as: UTF8.self) == double)
        text.truncate(to: 0)
        text.append(value, bits: 32)
        #expect(String(decoding: text.bytes, as: UTF8.self) == real)
    }

    @Test(
        "Values of payloads become what Postgres's output functions write",
        arguments: [
            (#"2026-01-02T03:04:05.1Z"#, .timestamp(withZone: true), "2026-01-02 03:04:05.1+00"),
            ("infinity", .timestamp(withZone: true), "infinity"),
            ("0044-03-15 12:00:00 BC", .timestamp(withZone: false), "0044-03-15 12:00:00 BC"),
            (
                #"["a","","NULL","x y","q\"","b\\s",null,"{"]"#, .array(of: .text),
                #"{a,"","NULL","x y","q\"","b\\s",NULL,"{"}"#
            ),
            ("[[1,2],[3,null]]", .array(of: .integer(bits: 32)), "{{1,2},{3,NULL}}"),
            ("[true,false]", .array(of: .boolean), "{t,f}"),
            (#"["2026-01-02T03:04:05"]"#, .array(of: .timestamp(withZone: false)), #"{"2026-01-02 03:04:05"}"#),
            (#"[{"a":1},[2]]"#, .array(of: .json), #"{"{\"a\":1}",[2]}"#),
            (
                #"{"n":1.50,"t":"a \"b\" \\","x":null,"f":true,"e":""}"#,
                .composite([
                    .init(name: "n", kind: .numeric(precision: nil, scale: nil)), .init(name: "t", kind: .text),
                    .init(name: "x", kind: .text), .init(name: "f", kind: .boolean), .init(name: "e", kind: .text),
                ]), #"(1.50,"a ""b"" \\",,t,"")"#
            ),
            (#"{"a":"1","b":null}"#, .hstore, #""a"=>"1", "b"=>NULL"#), ("", .text, ""), ("[1]", .text, "[1]"),
        ] as [(String, StreamDescriptor.Kind, String)])
    func values(payload: String, kind: StreamDescriptor.Kind, expected: String) {
        var text = ByteArena(capacity: 32)
        var payload = payload
        payload.withUTF8 {
            text.append(
                canonical: UnsafeRawBufferPointer($0), StreamDescriptor.Column(name: "c", sqlType: "", kind: kind))
        }
        #expect(String(decoding: text.bytes, as: UTF8.self) == expected)
    }

    @Test("Hashes and buckets are those that Postgres makes of the same row")
    func hashes() throws {
        let texts: [String?] = ["7", "a b", nil, "", #"q"\,()"#, "ü"]
        let server = try PostgresServer()
        let members = texts.map { $0.map { "E'\($0.replacing("\\", with: "\\\\"))'::text" } ?? "NULL::text" }
        let expected = try server.sql(
            """
            select ('x' || left(md5(row(\(members.joined(separator: ", ")))::text), 16))::bit(64)::bigint,
              ('x' || left(md5(row(\(members[0]), \(members[4]))::text), 8))::bit(32)::int & 4095
            """)
        var cells = MirrorCells()
        for text in texts {
            guard let text else {
                cells.endNull()
                continue
            }
            cells.bytes.append(text: text)
            cells.end()
        }
        let table = ParityTable(
            schema: "public", name: "t",
            columns: texts.indices.map { StreamDescriptor.Column(name: "c\($0)", sqlType: "text", kind: .text) },
            keyColumns: [0, 4], estimatedRows: 1)
        var row = CanonicalRow()
        row.take(cells, of: table)
        let hash = try RecordHash()
        #expect("\(hash.hash(of: row))|\(hash.bucket(of: row, table.keyColumns, count: 4096))" == expected)
    }
}
