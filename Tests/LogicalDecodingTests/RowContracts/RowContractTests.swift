import CoreIngest
import Testing

@testable import LogicalDecoding

/// Rows against contracts: by their columns, and as JSON. Both must say the same.
struct RowContractTests {
    private typealias Random = FuzzTests.Random

    @Test("each rule alone says the same of each value of each kind by columns and as JSON")
    func everyRule() throws {
        for rule in SampleColumn.rules {
            for column in SampleColumn.all {
                let name = Self.quoted(column.name)
                var harness = try ContractHarness(
                    #"{"properties":{\#(name):{\#(rule)}},\#(SampleColumn.definitions)}"#, [column])
                let hasRowProgram = harness.hasRowProgram
                #expect(hasRowProgram)
                for value in column.texts.map({ MessageBuilder.Value.text(Array($0.utf8)) }) + [.null, .unchanged] {
                    let verdict = try harness.verdict([value])
                    if verdict.byColumns != verdict.asJSON {
                        Issue.record("\(rule) of \(column.type): \(verdict)")
                    }
                }
            }
        }
    }

    @Test("random contracts say the same of random rows by columns and as JSON")
    func random() throws {
        var random = FuzzTests.start("row contracts")
        var counts: [Bool: Int] = [:]
        var programs = 0
        for _ in 0..<FuzzTests.rounds / 20 {
            let columns = Array(SampleColumn.all.shuffled(using: &random).prefix(Int.random(in: 1...6, using: &random)))
            let schema = Self.schema(columns, &random)
            var harness = try ContractHarness(schema, columns)
            if !harness.hasRowProgram { continue }
            programs += 1
            let hasDependent = schema.contains("dependentSchemas")
            for _ in 0..<12 {
                let (values, line) = Self.row(columns, &random)
                let verdict = try harness.verdict(values)
                // Of a schema that hangs on a column that was not sent, the columns need not know.
                let isKnown = !hasDependent || line != nil
                if isKnown ? verdict.byColumns != verdict.asJSON : verdict.byColumns && !verdict.asJSON {
                    Issue.record("\(verdict) under \(schema)")
                }
                counts[verdict.asJSON, default: 0] += 1
                guard let line else { continue }
                let copied = try harness.verdict(line: line)
                if copied != verdict { Issue.record("\(verdict) in the stream, \(copied) in a snapshot") }
            }
        }
        // The comparison says something only where both answers come often.
        #expect(programs > FuzzTests.rounds / 40)
        for answer in [true, false] { #expect(counts[answer] ?? 0 > programs, "\(answer): \(counts)") }
    }

    private static func quoted(_ name: String) -> String {
        var arena = ByteArena()
        arena.appendJSONString(text: name)
        return String(decoding: arena.bytes, as: UTF8.self)
    }

    /// A row, as a message has it, and as COPY writes it where all of it was sent.
    private static func row(_ columns: [SampleColumn], _ random: inout Random) -> ([MessageBuilder.Value], String?) {
        var values: [MessageBuilder.Value] = []
        var line: [String]? = []
        for column in columns {
            switch Int.random(in: 0..<16, using: &random) {
            case 0:
                values.append(.null)
                line?.append("\\N")
            case 1:
                values.append(.unchanged)
                line = nil
            default:
                let text = column.texts.randomElement(using: &random) ?? ""
                values.append(.text(Array(text.utf8)))
                line?.append(text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))
            }
        }
        return (values, line?.joined(separator: "\t"))
    }

    // MARK: Contracts

    private static func schema(_ columns: [SampleColumn], _ random: inout Random) -> String {
        let names = columns.map { quoted($0.name) } + [#""missing""#]
        func some(_ odds: Int) -> Bool { Int.random(in: 0..<odds, using: &random) == 0 }
        func name() -> String { names.randomElement(using: &random) ?? names[0] }
        func object() -> [String] {
            var parts: [String] = []
            let properties = names.filter { _ in !some(4) }.map { name in
                // A rule that nothing of the column can pass makes rows dull.
                "\(name):{\(rule(&random))}"
            }
            parts.append(#""properties":{\#(properties.shuffled(using: &random).joined(separator: ","))}"#)
            if some(3) {
                parts.append(#""required":[\#(names.dropLast().filter { _ in some(2) }.joined(separator: ","))]"#)
            }
            if some(4) { parts.append(#""additionalProperties":{\#(rule(&random))}"#) }
            if some(12) { parts.append(#""additionalProperties":false"#) }
            if some(5) { parts.append(#""patternProperties":{"^[a-l]":{\#(rule(&random))},"t":{}}"#) }
            return parts
        }
        var parts = object()
        if some(2) { parts.append(#""type":"object""#) }
        if some(8) { parts.append(#""propertyNames":{"pattern":"^[^x]"}"#) }
        if some(8) { parts.append(#""minProperties":\#(Int.random(in: 0...4, using: &random))"#) }
        if some(8) { parts.append(#""maxProperties":\#(Int.random(in: 2...7, using: &random))"#) }
        if some(8) { parts.append(#""dependentRequired":{\#(name()):[\#(name())]}"#) }
        if some(8) { parts.append(#""dependentSchemas":{\#(name()):{\#(object().joined(separator: ","))}}"#) }
        if some(8) { parts.append(#""allOf":[{\#(object().joined(separator: ","))},{"minLength":2}]"#) }
        if some(8) { parts.append(##""$ref":"#/$defs/row""##) }
        if some(30) { parts.append(#""anyOf":[{\#(object().joined(separator: ","))},{"maxProperties":2}]"#) }
        let row = #""row":{\#(object().joined(separator: ","))}"#
        let definitions = SampleColumn.definitions.replacing(#""$defs":{"#, with: #""$defs":{\#(row),"#)
        return "{\(parts.joined(separator: ",")),\(definitions)}"
    }

    private static func rule(_ random: inout Random) -> String {
        let first = SampleColumn.rules.randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return ""
        case 1:
            return #""anyOf":[{\#(first)},{\#(SampleColumn.rules.randomElement(using: &random) ?? "")}]"#
        default: return first
        }
    }
}
