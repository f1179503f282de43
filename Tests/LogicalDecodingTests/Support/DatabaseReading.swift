import CoreIngest
import TestServers

@testable import LogicalDecoding

/// What a replication session pins, for a session of psql.
enum DatabaseReading {
    static let session = """
        set datestyle = 'ISO'; set intervalstyle = 'postgres'; set extra_float_digits = 3; set timezone = 'UTC';
        set bytea_output = 'hex'; set client_encoding = 'UTF8'; set lc_monetary = 'C';

        """

    /// The rows of a query, with nulls.
    static func rows(_ query: String, of server: PostgresServer) throws -> [[String?]] {
        try lines("copy (\(query)) to stdout", of: server).map { fields(of: $0) }
    }

    /// The lines that a COPY writes.
    static func lines(_ copy: String, of server: PostgresServer) throws -> [String] {
        let output = try server.sql("\(session)\(copy);")
        return output.isEmpty ? [] : output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func fields(of line: String) -> [String?] {
        Array(line.utf8).withUnsafeBytes { bytes in
            var text = CopyText(bytes, isWithoutColumns: false)
            var fields: [String?] = []
            while !text.isAtEnd {
                switch text.next() {
                case .null: fields.append(nil)
                case .text(let field, _):
                    var arena = ByteArena()
                    CopyText.unescape(field, into: &arena)
                    fields.append(String(decoding: arena.bytes, as: UTF8.self))
                }
            }
            return fields
        }
    }

    static func catalog(of server: PostgresServer, publication: String = "p") throws -> Catalog {
        var catalog = Catalog()
        for row in try rows(TypeCatalog.query, of: server) { catalog.types.load(row: row) }
        for row in try rows(TableCatalog.query(publication: publication), of: server) { catalog.tables.load(row: row) }
        return catalog
    }

    /// What the slot `s` would send: LSN and message.
    static func messages(of server: PostgresServer) throws -> [(lsn: UInt64, bytes: [UInt8])] {
        let rows = try rows(
            """
            select lsn, encode(data, 'hex') from pg_logical_slot_get_binary_changes('s', null, null,
              'proto_version', '1', 'publication_names', 'p', 'messages', 'true')
            """, of: server)
        return rows.map { row in
            let digits = Array((row[1] ?? "").utf8)
            let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { index in
                UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) ?? 0
            }
            return (LogSequenceNumber(parsing: row[0] ?? "")?.rawValue ?? 0, bytes)
        }
    }

    /// Blanks outside strings taken out: what is left is the same when the meaning is.
    static func withoutBlanks(_ json: String) -> String {
        var out: [UInt8] = []
        var inString = false
        var escaped = false
        for byte in json.utf8 {
            if inString {
                out.append(byte)
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else {
                    inString = byte != UInt8(ascii: "\"")
                }
            } else if ![9, 10, 13, 32].contains(byte) {
                out.append(byte)
                inString = byte == UInt8(ascii: "\"")
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
