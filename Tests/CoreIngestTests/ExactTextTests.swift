import Testing

@testable import CoreIngest

/// Names that look the same and are not.
@Suite struct ExactTextTests {
    private static let one = "caf\u{E9}"
    private static let two = "cafe\u{301}"

    @Test("Texts are the same key only when their bytes are")
    func keys() {
        #expect(Self.one == Self.two, "Swift's own strings")
        #expect(ExactText(Self.one) != ExactText(Self.two))
        #expect(Set([Self.one, Self.two, Self.one].map { ExactText($0) }).count == 2)
        #expect(ExactText(Self.two) < ExactText(Self.one) && !(ExactText(Self.one) < ExactText(Self.one)))
    }

    @Test("A column whose name changed only so is another column")
    func columns() {
        let columns = [Self.one, Self.two].map { StreamDescriptor.Column(name: $0, sqlType: "text", kind: .text) }
        #expect(columns[0] != columns[1])
        func change(_ old: [Int], _ new: [Int]) -> SchemaChange {
            let tables = [old, new].map { TableSignature(columns: $0.map { columns[$0] }, keyColumns: []) }
            return SchemaDifference.between(tables[0], tables[1]).change
        }
        #expect(change([0], [1]) == .model)
        #expect(change([0], [0, 1]) == .addition)
    }

    @Test("A schema tells such properties apart")
    func properties() throws {
        let schema = try #require(SchemaName(vendor: "v", name: "n", version: .first))
        let validator = try PayloadValidator(
            schema: schema,
            compiling: """
                {"type": "object", "properties": {"\(Self.one)": {"type": "integer"}, "\(Self.two)": {"type": "string"}},
                 "required": ["\(Self.one)", "\(Self.two)"], "additionalProperties": false}
                """, options: SchemaDerivation.options)
        var evaluator = SchemaEvaluator()
        func isValid(_ text: String) -> Bool {
            Array(text.utf8).withUnsafeBytes {
                validator.passes($0, using: &evaluator) && validator.report($0).failures.isEmpty
            }
        }
        let verdicts = [
            isValid("{\"\(Self.one)\":1,\"\(Self.two)\":\"x\"}"), isValid("{\"\(Self.one)\":1}"),
            isValid("{\"\(Self.one)\":\"x\",\"\(Self.two)\":1}"),
        ]
        #expect(verdicts == [true, false, false])
    }

    @Test("Each of two such tables has a schema and a version of its own")
    func tables() throws {
        let catalog = try SchemaCatalog(vendor: nil, versions: SchemaVersions(.inMemory()), warn: { _ in })
        let streams = [Self.one, Self.two].map {
            catalog.stream(database: "shop", schema: "public", table: $0, columns: [], keyColumns: [])
        }
        #expect(streams[0] !== streams[1])
        #expect(streams[0].schema != streams[1].schema)
        #expect(streams[1].table.utf8.elementsEqual(Self.two.utf8))
    }
}
