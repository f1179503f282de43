/// What `\p{…}` names: general categories, scripts and binary properties, by the names of ECMA-262's tables, case and all.
enum UnicodeProperty {
    /// - Returns: nil where the name is unknown.
    static func set(_ name: String, value: String?) -> ScalarSet? {
        if let value {
            switch name {
            case "General_Category", "gc": return category(value)
            case "Script", "sc": return UnicodeScripts.runs(scripts[value] ?? value).map { ScalarSet(runs: $0) }
            default: return nil
            }
        }
        switch name {
        case "Any": return .all
        case "ASCII": return ScalarSet(0, 0x7F)
        case "Assigned": return category("Cn")?.complement
        default: break
        }
        return category(name) ?? UnicodeBinaries.runs(binaries[name] ?? name).map { ScalarSet(runs: $0) }
    }

    private static func category(_ name: String) -> ScalarSet? {
        let short = categories[name] ?? name
        if let runs = UnicodeCategories.runs(short) { return ScalarSet(runs: runs) }
        if short == "Cn" { return union(assigned).complement }
        if short == "C" { return union(assigned.filter { !$0.hasPrefix("C") }).complement }
        return groups[short].map(union)
    }

    private static func union(_ names: [String]) -> ScalarSet {
        ScalarSet(names.flatMap { UnicodeCategories.runs($0).map { ScalarSet(runs: $0).ranges } ?? [] })
    }

    private static let groups: [String: [String]] = [
        "L": ["Lu", "Ll", "Lt", "Lm", "Lo"], "LC": ["Lu", "Ll", "Lt"], "M": ["Mn", "Mc", "Me"],
        "N": ["Nd", "Nl", "No"],
        "P": ["Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"], "S": ["Sm", "Sc", "Sk", "So"], "Z": ["Zs", "Zl", "Zp"],
    ]
    private static let assigned =
        ["L", "M", "N", "P", "S", "Z"].flatMap { groups[$0] ?? [] } + ["Cc", "Cf", "Cs", "Co"]

    private static let categories = [
        "Letter": "L", "Cased_Letter": "LC", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll",
        "Titlecase_Letter": "Lt",
        "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M", "Nonspacing_Mark": "Mn",
        "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd",
        "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc",
        "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi",
        "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm",
        "Currency_Symbol": "Sc",
        "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z", "Space_Separator": "Zs",
        "Line_Separator": "Zl",
        "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc", "cntrl": "Cc", "Format": "Cf", "Surrogate": "Cs",
        "Private_Use": "Co", "Unassigned": "Cn",
    ]
    private static let binaries = [
        "Alpha": "Alphabetic", "Lower": "Lowercase", "Upper": "Uppercase", "space": "White_Space",
        "Ideo": "Ideographic",
        "EPres": "Emoji_Presentation", "ExtPict": "Extended_Pictographic", "IDS": "ID_Start", "IDC": "ID_Continue",
    ]
    private static let scripts = [
        "Arab": "Arabic", "Armn": "Armenian", "Beng": "Bengali", "Bopo": "Bopomofo", "Cher": "Cherokee",
        "Zyyy": "Common",
        "Cyrl": "Cyrillic", "Deva": "Devanagari", "Ethi": "Ethiopic", "Geor": "Georgian", "Grek": "Greek",
        "Gujr": "Gujarati", "Guru": "Gurmukhi", "Hani": "Han", "Hang": "Hangul", "Hebr": "Hebrew", "Hira": "Hiragana",
        "Zinh": "Inherited", "Qaai": "Inherited", "Knda": "Kannada", "Kana": "Katakana", "Khmr": "Khmer", "Laoo": "Lao",
        "Latn": "Latin", "Mlym": "Malayalam", "Mong": "Mongolian", "Mymr": "Myanmar", "Sinh": "Sinhala",
        "Taml": "Tamil",
        "Telu": "Telugu", "Tibt": "Tibetan",
    ]
}
