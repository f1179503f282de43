package import CoreIngest

/// What a destination takes as names of tables and columns, and when two are one to it.
///
/// Names are always quoted, so reserved words, blanks and any script are kept. A name that the destination cannot have is changed in a
/// way that stays the same for ever: characters that it does not take become `_`, and one that is too long ends in a hash of the whole.
package struct NameRules: Sendable {
    /// How a destination tells names apart.
    package enum Folding: Sendable {
        /// By the bytes.
        case none
        /// Letters of ASCII have no case.
        case ascii
        /// Letters have no case.
        case unicode
    }

    /// Around names; doubled within.
    package var quote: Unicode.Scalar
    /// Whether a backslash within quotes begins an escape, and is doubled too.
    package var escapesBackslash = false
    package var folding: Folding
    /// In bytes of UTF-8; nil without a bound.
    package var mostBytes: Int?
    package var mostColumns: Int
    /// Whether a name may end in a blank.
    package var keepsLastBlank = true
    package var isAllowed: @Sendable (Unicode.Scalar) -> Bool
    /// What is put before a name that the destination keeps for itself, or that begins as none may.
    package var prefix: @Sendable (String) -> String = { _ in "" }
    /// For messages: "SQLite".
    package var destination: String

    package init(
        _ destination: String, quote: Unicode.Scalar, escapesBackslash: Bool = false, folding: Folding,
        mostBytes: Int? = nil, mostColumns: Int,
        isAllowed: @escaping @Sendable (Unicode.Scalar) -> Bool = { $0.value != 0 }
    ) {
        self.destination = destination
        self.quote = quote
        self.escapesBackslash = escapesBackslash
        self.folding = folding
        self.mostBytes = mostBytes
        self.mostColumns = mostColumns
        self.isAllowed = isAllowed
    }

    /// A name as statements write it. What the destination cannot have is replaced first: see ``mapped(_:)``.
    package func quoted(_ name: String) -> String {
        var out = String(quote)
        for scalar in mapped(name).unicodeScalars {
            if scalar == quote || scalar == "\\" && escapesBackslash { out.unicodeScalars.append(scalar) }
            out.unicodeScalars.append(scalar)
        }
        out.unicodeScalars.append(quote)
        return out
    }

    /// The name at the destination; usually the same.
    package func mapped(_ name: String) -> String {
        var out = name
        if !name.unicodeScalars.allSatisfy(isAllowed) {
            out = ""
            for scalar in name.unicodeScalars { out.unicodeScalars.append(isAllowed(scalar) ? scalar : "_") }
        }
        out = prefix(out) + out
        if !keepsLastBlank, out.unicodeScalars.last == " " { out = out.dropLast() + "_" }
        guard let mostBytes, out.utf8.count > mostBytes else { return out }
        var kept = ""
        for scalar in out.unicodeScalars {
            if kept.utf8.count + UTF8.width(scalar) > mostBytes - 9 { break }
            kept.unicodeScalars.append(scalar)
        }
        var hash = ByteArena(capacity: 8)
        hash.append(hex: Self.hash(name), digits: 8)
        return "\(kept)_\(String(decoding: hash.bytes, as: UTF8.self))"
    }

    /// What is the same for all names that are one to the destination.
    package func folded(_ name: String) -> ExactText {
        let name = mapped(name)
        switch folding {
        case .none: return ExactText(name)
        case .ascii:
            return ExactText(
                String(decoding: name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self))
        case .unicode: return ExactText(name.lowercased())
        }
    }

    /// Throws where the destination cannot hold the stream's columns side by side. `more`: columns that the mirror has besides.
    package func check(_ stream: StreamDescriptor, more: Int) throws(TableRefusal) {
        var seen: [ExactText: String] = [:]
        for column in stream.columns {
            if let other = seen.updateValue(column.name, forKey: folded(column.name)) {
                throw TableRefusal(
                    "\(stream.qualifiedName) has the columns \(other) and \(column.name), which are one to \(destination): leave one out of the publication"
                )
            }
        }
        if stream.columns.count + more > mostColumns {
            throw TableRefusal(
                "\(stream.qualifiedName) has \(stream.columns.count) columns, more than the \(mostColumns - more) that a mirror at \(destination) can have: leave some out of the publication"
            )
        }
    }

    /// Names for columns that a mirror has besides its source's; with underscores behind where the source has such columns itself.
    package func free(_ names: [String], beside stream: StreamDescriptor) -> [String] {
        let taken = Set(stream.columns.map { folded($0.name) })
        return names.map { name in
            var free = name
            while taken.contains(folded(free)) { free += "_" }
            return free
        }
    }

    /// FNV-1a.
    private static func hash(_ name: String) -> UInt64 {
        var hash: UInt32 = 0x811C_9DC5
        for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return UInt64(hash)
    }
}

/// Why a destination cannot have a table, or not as it is. One line.
package struct TableRefusal: Error, Sendable, CustomStringConvertible {
    package var description: String
    /// Somebody can mend it at the destination, so it is tried again. Otherwise the table's events are refused, and others go on.
    package var canBeMended: Bool

    package init(_ description: String, canBeMended: Bool = false) {
        self.description = description
        self.canBeMended = canBeMended
    }
}
