import Testing

@testable import BuzCDC

@Test("A table aligns its columns and leaves no blanks at the end of lines")
func tableIsAligned() {
    var table = TextTable([("sink", .left), ("rows", .right), ("note", .left)])
    table.append("lake", "7", "")
    table.append("warehouse", "1234", "slow")
    #expect(table.text == "sink       rows  note\nlake          7  \nwarehouse  1234  slow")
}

@Test("JSON text escapes, nests and separates")
func jsonText() {
    let text = JSONText.object { out in
        out.member("a\"b", "x\ny")
        out.member("n", nil as String?)
        out.member("i", -3)
        out.member("share", 0.33333)
        out.member("nan", Double.nan)
        out.array("list") { list in
            list.element("one")
            list.object { $0.member("yes", true) }
            list.array { _ in }
        }
        out.object("empty") { _ in }
    }
    let expected =
        #"{"a\"b":"x\ny","n":null,"i":-3,"share":0.333,"nan":null,"list":["one",{"yes":true},[]],"empty":{}}"#
    #expect(String(decoding: text, as: UTF8.self) == expected)
}
