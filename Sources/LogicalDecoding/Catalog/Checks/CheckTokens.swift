/// The words of a constraint, as Postgres prints it.
enum CheckToken: Equatable {
    /// A name or a keyword; `isQuoted` where it was in quotes, and so is no keyword.
    case word(String, isQuoted: Bool)
    case number(String)
    case string(String)
    /// An operator, or one of `( ) [ ] , ::`.
    case symbol(String)

    /// Nil for a text that has anything else in it.
    static func all(of text: String) -> [CheckToken]? {
        var tokens: [CheckToken] = []
        var scalars = Array(text.unicodeScalars)[...]
        while let first = scalars.first {
            if first == " " || first == "\n" {
                scalars.removeFirst()
                continue
            }
            guard let token = next(&scalars) else { return nil }
            tokens.append(token)
        }
        return tokens
    }

    private static func next(_ scalars: inout ArraySlice<Unicode.Scalar>) -> CheckToken? {
        guard let first = scalars.first else { return nil }
        switch first {
        case "'": return quoted("'", &scalars).map { .string($0) }
        case "\"": return quoted("\"", &scalars).map { .word($0, isQuoted: true) }
        case "(", ")", "[", "]", ",":
            scalars.removeFirst()
            return .symbol(String(first))
        case "0"..."9", ".":
            let digits = take(&scalars) { ("0"..."9").contains($0) || $0 == "." }
            return .number(digits)
        case "a"..."z", "A"..."Z", "_":
            let word = take(&scalars) {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
                    || $0 == "$"
            }
            return .word(word, isQuoted: false)
        default:
            let operators: Set<Unicode.Scalar> = [
                "<", ">", "=", "~", "!", "-", "+", "*", "/", "%", "^", "&", "|", "#", "@", "?", ":", ".",
            ]
            let symbol = take(&scalars) { operators.contains($0) }
            return symbol.isEmpty ? nil : .symbol(symbol)
        }
    }

    private static func take(
        _ scalars: inout ArraySlice<Unicode.Scalar>, while isTaken: (Unicode.Scalar) -> Bool
    ) -> String {
        let run = scalars.prefix(while: isTaken)
        scalars.removeFirst(run.count)
        return String(String.UnicodeScalarView(run))
    }

    /// What is between two quotes, of which doubled ones within stand for one.
    private static func quoted(_ quote: Unicode.Scalar, _ scalars: inout ArraySlice<Unicode.Scalar>) -> String? {
        scalars.removeFirst()
        var out = String.UnicodeScalarView()
        while let scalar = scalars.popFirst() {
            if scalar == quote {
                guard scalars.first == quote else { return String(out) }
                scalars.removeFirst()
            }
            out.append(scalar)
        }
        return nil
    }
}
