@testable import CoreIngest

/// Rows of a ten-column table against contracts, by both front ends: read as JSON, and by their columns as they were written. Prints
/// nanoseconds for one row.
enum RowBench {
    private static let columns: [StreamDescriptor.Column] = [
        column("id", .integer(bits: 64)), column("sku", .string(maxLength: nil)),
        column("status", .string(maxLength: nil)), column("quantity", .integer(bits: 32)),
        column("price", .numeric(precision: 12, scale: 2)), column("customer", .uuid),
        column("ordered", .timestamp(withZone: true)), column("country", .string(maxLength: 2)),
        column("note", .string(maxLength: 200)), column("paid", .boolean),
    ]

    private static func column(_ name: String, _ kind: StreamDescriptor.Kind) -> StreamDescriptor.Column {
        StreamDescriptor.Column(name: name, sqlType: "", kind: kind, isNullable: name == "note")
    }

    private static let rows: [[String]] = (0..<64).map(row)

    private static func row(_ index: Int) -> [String] {
        let status = index % 3 == 0 ? "shipped" : "open"
        let note = index % 4 == 0 ? "null" : "\"leave it at the door, please, nr. \(index)\""
        return [
            "\(100_000 + index * 7919)", "\"ABC-\(10_000 + index)\"", "\"\(status)\"", "\(index % 50 + 1)",
            "\(index * 37 + 5).90", "\"3f8c0d5e-7b1a-4c2d-9e0f-0123456789\(index + 10)\"",
            "\"2026-11-21T08:30:\(index % 50 + 10).123456Z\"", "\"DE\"", note, "true",
        ]
    }

    /// Something to be asked of nearly every column.
    private static let strict = #"""
        {"type":"object","additionalProperties":false,
         "required":["id","sku","status","quantity","price","customer","ordered","country","paid"],
         "properties":{"id":{"type":"integer","minimum":1},"sku":{"type":"string","pattern":"^[A-Z]{3}-[0-9]{4,8}$"},
           "status":{"enum":["open","paid","shipped","returned","lost","closed"]},
           "quantity":{"type":"integer","minimum":1,"maximum":1000},
           "price":{"type":"number","minimum":0,"multipleOf":0.01},"customer":{"type":"string","format":"uuid"},
           "ordered":{"type":"string","format":"date-time"},"country":{"type":"string","minLength":2,"maxLength":2},
           "note":{"type":["string","null"],"maxLength":500},"paid":{"type":"boolean"}}}
        """#

    static func run() throws {
        var formats = SchemaOptions()
        formats.formats = .assert
        let name = SchemaName(vendor: "com.acme", name: "orders", version: .first)
        let derived = name.map {
            SchemaDerivation.text($0, columns: columns, comment: nil, qualifiedName: "public.orders")
        }
        try compare("ten columns, all asked", strict, formats)
        try compare("what the column types guarantee", derived ?? "{}", formats)
    }

    private static func compare(_ title: String, _ schema: String, _ options: SchemaOptions) throws {
        let program = try SchemaCompiler.compile(schema, options: options)
        guard let row = RowProgram(program, columns: columns) else { return print("\(title): no row program") }
        var arena = ByteArena(capacity: 1 << 16)
        let written = rows.map { values in
            let start = arena.count
            var spans: [ValueSpan] = []
            for (column, value) in zip(columns, values) {
                arena.append(arena.count == start ? "{" : ",")
                arena.appendJSONString(text: column.name)
                arena.append(":")
                let begin = arena.count
                arena.append(text: value)
                spans.append(ValueSpan(start: begin, end: arena.count))
            }
            arena.append("}")
            return (range: ByteRange(from: start, to: arena.count), spans: spans, hasNull: values.contains("null"))
        }
        var evaluator = SchemaEvaluator()
        var passed = 0
        let asJSON = SchemaBench.median {
            for row in written where evaluator.passes(program, arena[row.range], partial: false) { passed += 1 }
            return passed > 0
        }
        let byColumns = SchemaBench.median {
            for one in written
            where evaluator.passes(
                row, one.spans, hasNull: one.hasNull, arena[one.range], at: Int(one.range.offset))
            {
                passed -= 1
            }
            return passed > 0
        }
        let count = Double(rows.count)
        let all = written.allSatisfy {
            evaluator.passes(program, arena[$0.range], partial: false)
                && evaluator.passes(row, $0.spans, hasNull: $0.hasNull, arena[$0.range], at: Int($0.range.offset))
        }
        func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
        print(
            "\(title): as JSON \(rounded(asJSON / count)) ns, by columns \(rounded(byColumns / count)) ns a row, "
                + "ratio \((byColumns / asJSON * 100).rounded() / 100), \(row.checks.count) columns looked at"
                + (all ? "" : "; SOME ROWS DO NOT PASS"))
    }
}
