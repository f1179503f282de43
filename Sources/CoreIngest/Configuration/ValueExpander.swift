/// Replaces `${VAR}` and `${VAR:-default}` in values. `$${` stands for a literal `${`.
package struct ValueExpander {
    /// Looks an environment variable up.
    package typealias Environment = @Sendable (String) -> String?

    struct Expanded {
        var text: String
        /// Whether anything was replaced by a variable or its default.
        var changed: Bool
    }

    /// Why a value could not be expanded, and what to do.
    struct Failure: Error { var message: String }

    /// Bounds what a file may grow to: variables can be long, and used often.
    static let maxTotal = 4 << 20

    private let environment: Environment
    private var remaining = Self.maxTotal

    package init(environment: @escaping Environment) { self.environment = environment }

    /// The value with all references replaced. A variable that is set but empty counts as unset for `:-`, as in a shell.
    mutating func expand(_ text: String) throws(Failure) -> Expanded {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return Expanded(text: text, changed: false) }
        var out = ""
        var changed = false
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            out += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                out += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw Failure(message: "'${' without '}'; close it, or write '$${' for a literal '${'")
                }
                let value = try value(of: rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                remaining -= value.utf8.count
                guard remaining >= 0 else {
                    throw Failure(message: "variables make the configuration larger than 4MiB")
                }
                out += value
                changed = true
                rest = rest[rest.index(after: end)...]
            } else {
                out += "$"
                rest = rest.dropFirst()
            }
        }
        return Expanded(text: out + rest, changed: changed)
    }

    private func value(of reference: Substring) throws(Failure) -> String {
        let name = reference.prefix { $0 != ":" }
        let after = reference.dropFirst(name.count)
        guard Self.isName(name), after.isEmpty || after.hasPrefix(":-") else {
            throw Failure(
                message:
                    "\(quoted("${\(reference)}")) is not a variable; write ${NAME} or ${NAME:-default}, or '$${' for a literal '${'"
            )
        }
        let found = environment(String(name))
        if after.isEmpty {
            guard let found else {
                throw Failure(
                    message: "the environment variable \(name) is not set; set it, or write ${\(name):-default}")
            }
            return found
        }
        if let found, !found.isEmpty { return found }
        return String(after.dropFirst(2))
    }

    private static func isName(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
        }
    }
}
