import CoreIngest
import Testing

@testable import Sinks

@Suite struct SummaryLineTests {
    let sample: SampleEvents

    init() throws { sample = try SampleEvents() }

    private func line(_ event: SampleEvents.Event, width: Int? = nil) -> String {
        let batch = sample.batch([event])
        let bytes = SummaryLine(usesColor: false, width: width).bytes(of: batch.records[0], in: batch)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (
            SampleEvents.Event(payload: #"{"id":1,"status":"new","n":[1, {"a":2}]}"#, key: #"{"id":1}"#),
            #"c  public.orders  id=1  status: "new"  n: [1, {"a":2}]"#
        ),
        // Without an old row any column may have changed.
        (
            .init(payload: #"{"id":1,"status":"paid"}"#, operation: .update, key: #"{"id":1}"#),
            #"u  public.orders  id=1  status: "paid""#
        ),
        (
            .init(
                payload: #"{"id":2,"status":"paid"}"#, operation: .update, key: #"{"id":2}"#, before: #"{"id":1}"#),
            #"u  public.orders  id=2  id: 1 → 2  status: "paid""#
        ),
        (.init(payload: #"{"id":1}"#, operation: .delete, key: #"{"id":1}"#), "d  public.orders  id=1"),
        (.init(payload: #"{"id":1}"#, operation: .read), "r  public.orders  id: 1"),
        (.init(payload: "{}", operation: .truncate), "t  public.orders"),
        (.init(payload: #"{"a":true}"#, isInvalid: true), "c invalid  public.orders  a: true"),
        (.init(payload: #"{"a":1,"b":nu"#), "c  public.orders  a: 1"),
        (.init(payload: "nonsense"), "c  public.orders"),
    ])
    func anEventReadsAsOneLine(_ event: SampleEvents.Event, _ expected: String) {
        #expect(line(event) == "14:02:11.123  \(expected)  1-0-0\n")
    }

    @Test func controlMarksHaveNoLine() {
        #expect(line(.init(payload: "", operation: .snapshotBegin)) == "")
    }

    @Test func longValuesAreCutAndMegabytesAreNotRead() {
        let text = line(.init(payload: "{\"a\":\"\(String(repeating: "x", count: 5 << 20))\",\"b\":1}"))
        #expect(text == "14:02:11.123  c  public.orders  a: \"\(String(repeating: "x", count: 38))…  b: 1  1-0-0\n")
    }

    @Test(arguments: 1..<120) func noLineIsWiderThanTheTerminal(_ width: Int) {
        let event = SampleEvents.Event(
            payload: #"{"id":1,"name":"日本語テキスト🚲🚲","e":"e\#u{301}e\#u{301}","long":"abcdefghijklmnopqrstuvwxyz"}"#,
            key: #"{"id":1}"#)
        let text = line(event, width: width).dropLast()
        var columns = 0
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x3000...0x9FFF, 0x1F000...0x1FFFF: columns += 2
            case 0x300...0x36F: break
            default: columns += 1
            }
        }
        // Below 8 columns nothing useful fits; terminals are wider.
        #expect(columns <= max(width, 20))
    }

    @Test(arguments: [
        ("{}", []), (#"{"a":1}"#, ["a=1"]),
        (#" { "a" : "x\"}" , "b":{"c":[1,"}"]},"d":null}"#, [#"a="x\"}""#, #"b={"c":[1,"}"]}"#, "d=null"]),
        ("[1]", []), (#"{"a"}"#, []), (#"{"a":"#, []), (#"{"a":"x"#, []), (#"{"a":1,"b":"x\"#, ["a=1"]), ("", []),
        (#"{"a":}"#, []), ("{,,}", []),
    ])
    func membersAreReadWithoutTrust(_ json: String, _ expected: [String]) {
        let members = Array(json.utf8).withUnsafeBytes { bytes in
            JSONMembers(bytes).map {
                String(decoding: $0.name, as: UTF8.self) + "=" + String(decoding: $0.value, as: UTF8.self)
            }
        }
        #expect(members == expected)
    }
}
