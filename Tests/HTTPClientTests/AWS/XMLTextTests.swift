import Testing

@testable import HTTPClient

@Suite("Texts of AWS's XML")
struct XMLTextTests {
    @Test(
        "Elements of a name are found in order, with entities resolved; what is broken is no value",
        arguments: [
            ("<Key>a</Key><Key/><Key>b</Key>", ["a", "b"]), ("<Key></Key>", [""]), ("<Key>a", []), ("", []),
            ("<Keys>a</Keys>", []), ("<<Key>a</Key>", ["a"]), ("<Key>a&lt;&gt;&amp;&quot;&apos;</Key>", ["a<>&\"'"]),
            ("<Key>&#233;&#xe9;&#x1F418;</Key>", ["éé🐘"]), ("<Key>&amp;lt;</Key>", ["&lt;"]),
            ("<Key>&what;&#xD800;&#;& &</Key>", ["&what;&#xD800;&#;& &"]),
            ("<!ENTITY x 'y'><Key>&x;</Key>", ["&x;"]),
        ] as [(String, [String])])
    func values(text: String, expected: [String]) {
        #expect(XMLText.values(of: "Key", in: Array(text.utf8)) == expected)
        #expect(XMLText.value(of: "Key", in: Array(text.utf8)) == expected.first)
    }
}
