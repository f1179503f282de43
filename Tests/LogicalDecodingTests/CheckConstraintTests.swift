import CoreIngest
import TestServers
import Testing

@testable import LogicalDecoding

/// CHECK constraints as rules of columns: as Postgres prints them, and against what it does.
struct CheckConstraintTests {
    private static func checked(
        _ constraint: String, _ type: String = "int4", kind: StreamDescriptor.Kind = .integer(bits: 32)
    ) -> CheckedColumn {
        var column = CheckedColumn(
            name: "x", kind: kind, type: SampleTypes.oid(type).flatMap { SampleTypes.catalog[$0] },
            isDeterministic: true)
        column.add(constraint: constraint)
        return column
    }

    @Test(
        "numbers",
        arguments: [
            ("CHECK ((x > 0))", [.atLeast(.init("1"))]), ("CHECK ((x >= 0))", [.atLeast(.init("0"))]),
            ("CHECK ((x < '-5'::integer))", [.atMost(.init("-6"))]), ("CHECK ((x <= (-5)))", [.atMost(.init("-5"))]),
            ("CHECK ((0 < x))", [.atLeast(.init("1"))]), ("CHECK ((10 >= x)) NO INHERIT", [.atMost(.init("10"))]),
            ("CHECK (((x >= 1) AND (x <= 10)))", [.atLeast(.init("1")), .atMost(.init("10"))]),
            ("CHECK (((x)::numeric > 0.5))", [.atLeast(.init("0.5", isExclusive: true))]),
            ("CHECK ((x = ANY (ARRAY[1, 2, 2])))", [.oneOf(["1", "2"])]), ("CHECK ((x = 7))", [.oneOf(["7"])]),
            ("CHECK (((x IS NULL) OR (x > 3)))", [.atLeast(.init("4"))]),
            ("CHECK (((x > 3) OR (x IS NULL)))", [.atLeast(.init("4"))]),
            ("CHECK (((x > 3) AND (x > 5) AND (y > 1)))", [.atLeast(.init("6"))]),
            ("CHECK ((x > 9223372036854775807))", [.atLeast(.init("9223372036854775807", isExclusive: true))]),
        ] as [(String, [ColumnRules.Rule])])
    func numbers(_ constraint: String, _ rules: [ColumnRules.Rule]) {
        let column = Self.checked(constraint)
        #expect(column.rules == Self.rules(rules) && !column.isNotNull)
    }

    private static func rules(_ all: [ColumnRules.Rule]) -> ColumnRules {
        var rules = ColumnRules()
        for rule in all {
            let isSaid = rules.add(rule)
            #expect(isSaid)
        }
        return rules
    }

    @Test(
        "texts",
        arguments: [
            ("CHECK ((x <> ''::text))", [.lengthAtLeast(1)]),
            ("CHECK ((char_length(x) <= 10))", [.lengthAtMost(10)]),
            ("CHECK ((length((x)::text) > 2))", [.lengthAtLeast(3)]),
            ("CHECK ((length(x) = 3))", [.lengthAtLeast(3), .lengthAtMost(3)]),
            (
                "CHECK (((x)::text = ANY ((ARRAY['a'::character varying, 'it''s'::character varying])::text[])))",
                [.oneOf([#""a""#, #""it's""#])]
            ), ("CHECK ((x = ANY (ARRAY['a'::text, 'b'::text])))", [.oneOf([#""a""#, #""b""#])]),
            ("CHECK ((x ~ '^[A-Z]{3}-[0-9]+$'::text))", [.pattern("^[A-Z]{3}-[0-9]+$")]),
            (#"CHECK ((x ~ '^.+@.+\.[a-z]{2,}$'::text))"#, [.pattern(#"^[\s\S]+@[\s\S]+\.[a-z]{2,}$"#)]),
        ] as [(String, [ColumnRules.Rule])])
    func texts(_ constraint: String, _ rules: [ColumnRules.Rule]) {
        for type in ["text", "varchar"] {
            #expect(Self.checked(constraint, type, kind: .string(maxLength: nil)).rules == Self.rules(rules))
        }
        // Blanks at the end count in JSON only.
        #expect(
            Self.checked(constraint, "bpchar", kind: .string(maxLength: 5)).rules.remarks == [constraint])
    }

    @Test(
        "what is not of a simple shape is a remark, and nothing is concluded from it",
        arguments: [
            "CHECK ((x > y))", "CHECK ((x <> 5))", "CHECK (((x > 5) OR (x < 2)))", "CHECK (((x % 2) = 0))",
            "CHECK ((NOT (x > 5)))", "CHECK ((x > ALL (ARRAY[1, 2])))", "CHECK ((x = ANY (ARRAY[1, NULL::integer])))",
            "CHECK (((x)::smallint > '1.5'::integer))", "CHECK (((x > 0) = true))", "CHECK ((abs(x) > 0))",
            "CHECK ((x > 'NaN'::numeric))", "CHECK ((x BETWEEN 1 AND 2))", "CHECK ((x > 1)", "CHECK (x > 1) IS TRUE",
            "CHECK ((x IS DISTINCT FROM 1))", "CHECK ((x > f(1)))", "CHECK ((x > 1e))",
            "CHECK (((x > 1) AND ((y > 1) OR (x > 7))))",
        ])
    func remarks(_ constraint: String) {
        let rules = Self.checked(constraint).rules
        #expect(rules.remarks == [constraint])
        #expect(rules.maximum == nil && rules.choices == nil)
        #expect(rules.minimum == (constraint.hasPrefix("CHECK (((x > 1) AND") ? .init("2") : nil))
    }

    @Test("nothing is concluded from texts that are equal though their bytes are not")
    func collation() {
        var loose = CheckedColumn(
            name: "x", kind: .string(maxLength: nil), type: SampleTypes.catalog[25], isDeterministic: false)
        loose.add(constraint: "CHECK ((x = 'a'::text))")
        #expect(loose.rules.choices == nil && loose.rules.remarks.count == 1)
    }

    @Test("constraints that rows may break say nothing", arguments: [" NOT VALID", " NOT ENFORCED"])
    func notInForce(_ suffix: String) { #expect(Self.checked("CHECK ((x > 0))\(suffix)").rules == ColumnRules()) }

    @Test("a condition on null says that there is none")
    func notNull() {
        #expect(Self.checked("CHECK ((x IS NOT NULL))").isNotNull)
        let both = Self.checked("CHECK (((x IS NOT NULL) AND (x > 1)))")
        #expect(both.isNotNull && both.rules.minimum == .init("2"))
        #expect(!Self.checked("CHECK (((x IS NOT NULL) OR (y > 1)))").isNotNull)
    }

    @Test(
        "a regular expression is taken only where both sides mean the same by it",
        arguments: [
            ("^[a-z]+$", "^[a-z]+$"), ("a|b", "a|b"), ("(ab)*c?", "(?:ab)*c?"), ("^(?:a|b){2,3}$", "^(?:a|b){2,3}$"),
            ("x.y", #"x[\s\S]y"#), (#"\.\-\/"#, #"\.-\/"#), ("[^@ ]+@", "[^@ ]+@"),
            ("[a-zA-Z0-9_.-]", #"[a-zA-Z0-9_\.\-]"#),
            ("[$(]", #"[\$\(]"#), ("", nil), (#"\d"#, nil), (#"\w+"#, nil), ("[[:alpha:]]", nil), ("(?i)a", nil),
            ("***=a", nil), ("a**", nil), ("a+?", nil), ("*a", nil), ("^*", nil), ("a{", nil), ("a{1", nil),
            ("a{300}", nil), ("a{3,2}", nil), ("(a", nil), ("a)", nil), ("[a", nil), ("[]a]", nil), ("[z-a]", nil),
            ("[+-9]", nil), (#"(a)\1"#, nil), ("(?=a)", nil), ("a$b", nil), ("a^b", nil), ("é", nil), ("a\nb", nil),
            ("a|", nil),
            (#"\mx"#, nil), (#"a\"#, nil), (String(repeating: "(", count: 50), nil),
        ] as [(String, String?)])
    func patterns(_ pattern: String, _ expected: String?) throws {
        let found = CheckPattern.translate(pattern)
        #expect(found == expected)
        if let found {
            let name = try #require(SchemaName(vendor: "com.acme", name: "t", version: .first))
            _ = try PayloadValidator(schema: name, compiling: #"{"pattern":"\#(found.replacing("\\", with: "\\\\"))"}"#)
        }
    }
}
