import CoreIngest
import Testing

@testable import Sinks

@Suite struct PostgresTextTests {
    private func text(_ json: String, _ kind: StreamDescriptor.Kind) -> String {
        var arena = ByteArena()
        Array(json.utf8).withUnsafeBytes { arena.appendText($0, kind, delimiter: UInt8(ascii: ",")) }
        return String(decoding: arena.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (#""plain""#, StreamDescriptor.Kind.text, "plain"),
        (#""a\"b\\c\/\b\f\n\r\té😀\ud83d\ude00""#, .text, "a\"b\\c/\u{8}\u{C}\n\r\té😀😀"),
        (#""\ud800x""#, .text, "\u{FFFD}x"),
        ("12.3400", .numeric(precision: nil, scale: nil), "12.3400"),
        ("true", .boolean, "true"),
        (#"{"a": [1,  2]}"#, .json, #"{"a": [1,  2]}"#),
        ("[]", .array(of: .integer(bits: 32)), "{}"),
        ("[1,null,3]", .array(of: .integer(bits: 32)), "{1,NULL,3}"),
        (#"["NULL","a\"b","c\\d","",null]"#, .array(of: .text), #"{"NULL","a\"b","c\\d","",NULL}"#),
        ("[[1,2],[3,null]]", .array(of: .integer(bits: 32)), "{{1,2},{3,NULL}}"),
        (#"[{"a":1},[2],null]"#, .array(of: .json), #"{"{\"a\":1}",[2],NULL}"#),
        (#"{"a":"x","b":null}"#, .hstore, #""a"=>"x", "b"=>NULL"#),
        (#"{"a\"":"\\"}"#, .hstore, #""a\""=>"\\""#),
        (
            #"{"n":1,"t":"a\"b","m":null,"l":[1,2]}"#,
            .composite([
                .init(name: "n", kind: .integer(bits: 32)), .init(name: "t", kind: .text),
                .init(name: "m", kind: .text),
                .init(name: "l", kind: .array(of: .integer(bits: 32))),
            ]), #"(1,"a""b",,"{1,2}")"#
        ),
    ])
    func valuesAreWrittenAsTypesReadThem(json: String, kind: StreamDescriptor.Kind, expected: String) {
        #expect(text(json, kind) == expected)
    }

    @Test(arguments: [
        "", "{", #"{"a"#, #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a":1,"#, #"{"a" 1}"#, #"{a:1}"#, #"{"a":"\"#, "[1}",
        "nope",
        #"{"a":[1}"#, #"{"a":1 "b":2}"#,
    ])
    func malformedObjectsAreToldAndNeverReadPastTheirEnd(json: String) {
        var row = MirrorRow(RowShape(ordersStream()))
        #expect(!Array(json.utf8).withUnsafeBytes { row.take($0) })
    }

    private static let widerTypes: [(String, String, String?)] = [
        ("smallint", "integer", "integer"), ("integer", "bigint", "bigint"), ("bigint", "integer", nil),
        ("integer", "numeric", "numeric"), ("integer", "numeric(12,2)", "numeric(12,2)"),
        ("bigint", "numeric(12,2)", nil), ("real", "double precision", "double precision"),
        ("double precision", "real", nil), ("double precision", "numeric(9,2)", "numeric(9,2)"),
        ("numeric(9,2)", "double precision", "double precision"), ("numeric", "double precision", nil),
        ("character varying(5)", "text", "text"),
        ("character varying(5)", "character varying(9)", "character varying(9)"),
        ("character varying(9)", "character varying(5)", nil),
        ("character varying(5)", "character varying", "character varying"),
        ("character(3)", "text", "text"), ("character(3)", "character varying(3)", "character varying(3)"),
        ("character(3)", "character varying(2)", nil), ("character(3)", "character(4)", nil),
        ("numeric(6,2)", "numeric(8,2)", "numeric(8,2)"), ("numeric(6,2)", "numeric(6,4)", "numeric(8,4)"),
        ("numeric(6,4)", "numeric(6,2)", "numeric(8,4)"), ("numeric(6,2)", "numeric(4,2)", nil),
        ("numeric(6,2)", "numeric", "numeric"), ("numeric", "numeric(6,2)", nil), ("text", "integer", nil),
        ("integer", "text", nil), ("integer", "integer", nil), ("numeric(6,2)", "numeric(6,2)", nil),
        ("date", "timestamp without time zone", "timestamp without time zone"),
        ("date", "timestamp(3) with time zone", "timestamp(3) with time zone"),
        ("timestamp with time zone", "date", nil),
        ("timestamp(3) without time zone", "timestamp without time zone", "timestamp without time zone"),
        ("timestamp without time zone", "timestamp(3) without time zone", nil),
        ("timestamp without time zone", "timestamp with time zone", "timestamp with time zone"),
        ("time(0) with time zone", "time(3) with time zone", "time(3) with time zone"),
        ("date[]", "timestamp without time zone[]", "timestamp without time zone[]"), ("date[]", "text", nil),
        ("numeric(6,2)[]", "numeric(6,4)[]", "numeric(8,4)[]"),
    ]

    @Test(arguments: widerTypes)
    func typesThatWouldRefuseOrCutValuesAreMadeWider(old: String, new: String, expected: String?) {
        #expect(widerType(from: old, to: new) == expected)
    }

    @Test func theSuspectedRowIsTriedAlone() {
        #expect(suspectedParts(10..<20, suspect: 3) == [10..<13, 13..<14, 14..<17, 17..<20])
        #expect(suspectedParts(10..<20, suspect: 9) == [10..<19, 19..<20])
        #expect(suspectedParts(10..<20, suspect: 10) == [10..<15, 15..<20])
        #expect(suspectedParts(0..<2, suspect: nil) == [0..<1, 1..<2])
    }

    @Test func messagesOfDataErrorsLoseTheirValues() {
        let failure = PostgresFailure(
            sqlState: "22P02", message: "invalid input syntax for type integer: \"secret\"\n", column: "price",
            constraint: nil, copyLine: 0)
        #expect(failure.message == #"invalid input syntax for type integer: "…", column price (SQLSTATE 22P02)"#)
        #expect(failure.kind == .data)
    }

    @Test(arguments: [
        ("53100", SinkFailure.Code.storageFull, false), ("40P01", .unavailable, false), ("40001", .unavailable, false),
        ("57014", .unavailable, false), ("55P03", .unavailable, false), ("57P01", .unavailable, true),
        ("08006", .unavailable, true), ("25006", .unavailable, true), ("53300", .unavailable, true),
        ("42501", .unauthorized, false), ("28P01", .unauthorized, false), ("3D000", .misconfigured, false),
        ("42P10", .misconfigured, false), ("XX000", .other, false),
    ])
    func whatTheServerSaysDecidesWhatTheLaneDoes(state: String, code: SinkFailure.Code, reopens: Bool) {
        let failure = PostgresFailure(sqlState: state, message: "m", column: nil, constraint: nil, copyLine: nil)
        #expect(failure.sinkFailure(at: "here").code == code)
        #expect(failure.sinkFailure(at: "here").reopen == reopens)
    }

    @Test(arguments: ["22001", "22P02", "23505", "23514", "P0001", "54000", "21000"])
    func whatIsTheFaultOfARowIsLookedForAmongThem(state: String) {
        #expect(PostgresFailure.kind(of: state) == .data)
    }

    @Test func theLineOfAnErrorIsReadFromItsContext() {
        let place = PostgresResult.place(in: "COPY buz_stage_1, line 17, column price: \"x\"", of: "buz_stage_1")
        #expect(place?.line == 16)
        #expect(place?.column == "price")
        #expect(PostgresResult.place(in: "COPY other, line 1", of: "buz_stage_1") == nil)
    }

    @Test func refusedEventsAreAskedForAgainAndTheOthersAreNot() {
        let resumed = ResumedSource(
            stored: Position(commit: 10, ordinal: 9),
            rejected: [Position(commit: 10, ordinal: 0), Position(commit: 10, ordinal: 4)])
        #expect(resumed.floor == Position(commit: 9, ordinal: .max))
        #expect(!resumed.holds(Position(commit: 10, ordinal: 0)))
        #expect(resumed.holds(Position(commit: 10, ordinal: 1)))
        #expect(!resumed.holds(Position(commit: 10, ordinal: 4)))
        #expect(!resumed.holds(Position(commit: 11, ordinal: 0)))
        let clean = ResumedSource(stored: Position(commit: 10, ordinal: 9), rejected: [])
        #expect(clean.floor == clean.stored)
        #expect(!clean.holds(Position(commit: 10, ordinal: 9)))
    }
}
