/// Everything that is wrong with a configuration, found in one go. The process ends with status 2.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// In the order of the file; never empty.
    package let problems: [ConfigurationProblem]

    package init(_ problems: [ConfigurationProblem]) {
        self.problems = problems.enumerated().sorted { left, right in
            switch (left.element.position, right.element.position) {
            case (let first?, let second?) where first != second: first < second
            case (nil, .some): true
            case (.some, nil): false
            case (.some, .some), (nil, nil): left.offset < right.offset
            }
        }.map(\.element)
    }

    /// A single problem.
    package init(_ position: SourcePosition?, _ message: String) {
        problems = [ConfigurationProblem(position: position, message: message)]
    }

    /// One line for each problem. A file that is not a configuration at all has thousands: the first 50 are told.
    package var lines: [String] {
        let limit = 50
        guard problems.count > limit else { return problems.map(\.description) }
        return problems.prefix(limit).map(\.description) + ["and \(problems.count - limit) more; mend these first"]
    }

    package var description: String { lines.joined(separator: "\n") }
}

/// One thing that is wrong: where, what, and what to do. Holds no secret, and is one line.
package struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    package let position: SourcePosition?
    package let message: String

    package init(position: SourcePosition?, message: String) {
        self.position = position
        self.message = onOneLine(message.unicodeScalars)
    }

    package var description: String { position.map { "\($0): \(message)" } ?? message }
}

/// Text from outside as it may stand in a message: in quotes, on one line, not longer than 60 characters.
func quoted(_ text: some StringProtocol) -> String {
    let scalars = text.unicodeScalars
    return "'" + onOneLine(scalars.prefix(60)) + (scalars.count > 60 ? "…'" : "'")
}

/// With everything that is not to be seen, or ends a line, written as its code.
private func onOneLine(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var out = ""
    for scalar in scalars {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format, .surrogate, .privateUse, .unassigned:
            out += "\\u{\(String(scalar.value, radix: 16))}"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out
}
