import CoreIngest

extension NameRules {
    /// MySQL's: letters of columns have no case (those of tables on some servers only: ``mysqlTableFolding(_:_:)``), names have 64
    /// characters, of the Basic Multilingual Plane, and end in no blank. 1,017 columns are InnoDB's.
    static let mysql: NameRules = {
        var rules = NameRules(
            "MySQL", quote: "`", folding: .unicode, mostBytes: 64, mostColumns: 1017,
            isAllowed: { $0.value != 0 && $0.value < 0x1_0000 })
        rules.keepsLastBlank = false
        return rules
    }()
}

/// A name as MySQL writes it, always quoted.
func mysqlIdentifier(_ name: String) -> String { NameRules.mysql.quoted(name) }

/// The mirror's name of a source table: its own where it lies in `public`, else with its schema in front. That of our own table gets the
/// schema too.
func mysqlTable(schema: String, name: String) -> String {
    let isOwn = name.lowercased() == MySQLPositions.table
    return NameRules.mysql.mapped(schema.isEmpty || schema == "public" && !isOwn ? name : "\(schema)_\(name)")
}

/// What is the same for all names of tables that are one to a server.
func mysqlTableFolding(_ name: String, _ server: MySQLServerTraits) -> ExactText {
    server.distinguishesTableCase ? ExactText(NameRules.mysql.mapped(name)) : NameRules.mysql.folded(name)
}

/// A text as a statement writes it.
func mysqlLiteral(_ text: String) -> String {
    var out = ByteArena(capacity: text.utf8.count + 8)
    var text = text
    text.withUTF8 { out.append(mysqlText: UnsafeRawBufferPointer($0)) }
    return String(decoding: out.bytes, as: UTF8.self)
}

extension ByteArena {
    /// Appends bytes as a text in quotes. Backslashes escape, as ``MySQLConnection`` has the server read them; in UTF-8 none of the
    /// three bytes is a part of another character.
    mutating func append(mysqlText bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count + 2)
        append(UInt8(ascii: "'"))
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") || byte == 0 else { continue }
            append(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
            append(UInt8(ascii: "\\"))
            append(byte == 0 ? UInt8(ascii: "0") : byte)
            start = index + 1
        }
        append(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        append(UInt8(ascii: "'"))
    }
}
