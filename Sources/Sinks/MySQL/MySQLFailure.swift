import CoreIngest

/// What the server, or the way to it, answered instead of a result.
struct MySQLFailure: Error, Sendable {
    /// What to do about it.
    enum Kind: Sendable, Equatable {
        /// The session is gone, or must go.
        case connectionLost
        /// Passes by itself: deadlock, lock wait.
        case transient
        /// The session stays, the disk of the server is full.
        case storageFull
        /// Some row cannot be stored, ever.
        case data
        case permission
        /// A table or column is not what this session thought it was.
        case catalogChanged
        case misconfigured
        case other
    }

    var kind: Kind
    /// The server's number of the error; 0 when there was no answer.
    var code: UInt32
    /// One line without values of rows.
    var message: String
    /// The row that the server names, from 0.
    var row: Int?

    init(_ kind: Kind, _ message: String, code: UInt32 = 0) {
        self.kind = kind
        self.code = code
        self.message = message
    }

    /// From an error of the server or of the library. `message` is as it came.
    init(code: UInt32, state: String, message: String) {
        let early = code == 2002 ? Self.early(message) : nil
        let code = early?.code ?? code
        let message = early?.message ?? message
        kind = Self.kind(of: code, state, message)
        self.code = code
        if kind == .data {
            let place = Self.place(in: message)
            row = place.row
            let column = place.column.map { " of column \($0)" } ?? ""
            self.message = "\(Self.words(for: code))\(column) (error \(code))"
        } else {
            self.message = "\(Self.oneLine(message)) (error \(code))"
        }
    }

    /// Every number that matters. Sources: MySQL 8.0 Error Message Reference, MariaDB's list of error codes.
    static func kind(of code: UInt32, _ state: String, _ message: String = "") -> Kind {
        switch code {
        // The library's own, lost and refused connections, shutdown, killed, inactivity; too many connections; a server that only reads.
        case 2000...2058, 1053, 1077, 1079, 1080, 1152, 1154...1161, 1184, 1189, 1190, 1927, 4031, 1040, 1203, 1226,
            1129, 1290, 1836, 1792, 3032:
            return .connectionLost
        case 1205, 1213, 1206, 1317, 3024, 1969, 1020, 1180, 1412, 1037, 1038, 1041, 1015, 1100, 1192, 3572, 1689, 1637,
            3058:
            return .transient
        case 1021, 1114, 1026, 3675: return .storageFull
        // "Got error 28", which is "no space left on device".
        case 1030, 1296: return message.contains("error 28") ? .storageFull : .transient
        case 1044, 1045, 1130, 1131, 1132, 1142, 1143, 1227, 1370, 1410, 1698, 1820, 1862, 3118, 4151, 1251, 1275:
            return .permission
        case 1051, 1054, 1109, 1136, 1146: return .catalogChanged
        case 1048, 1062, 1118, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1367, 1369, 1406, 1411, 1416, 1451, 1452, 1526,
            1644, 1690, 1713, 1906, 3140...3158, 3819, 4025, 1153:
            return .data
        // The last: a server that takes no session without TLS.
        case 2059, 2061, 1046, 1049, 1064, 1193, 1231, 1298, 1273, 3159: return .misconfigured
        default: break
        }
        switch state.prefix(2) {
        case "08": return .connectionLost
        case "22", "23", "45": return .data
        case "40": return .transient
        case "28": return .permission
        case "42": return .misconfigured
        default: return .other
        }
    }

    /// What only this table's events are refused for: no statement can make such a table.
    static let impossibleTables: Set<UInt32> = [
        1059, 1060, 1069, 1070, 1071, 1074, 1102, 1103, 1117, 1118, 1166, 1170,
    ]

    /// The failure of a whole write or of opening. `place` says where: `mysql sink replica`.
    func sinkFailure(at place: String) -> SinkFailure {
        switch kind {
        case .connectionLost, .transient: return SinkFailure(.unavailable, "\(place): \(message)")
        case .storageFull:
            return SinkFailure(.storageFull, "\(place): \(message): free space on the destination's disk")
        case .permission:
            return SinkFailure(
                .unauthorized, "\(place): \(message): see the user, its password and the grants in docs/sinks/mysql.md"
            )
        case .catalogChanged, .misconfigured: return SinkFailure(.misconfigured, "\(place): \(message)")
        case .data: return SinkFailure(rejectionCode, "\(place): \(message)")
        case .other: return SinkFailure(.other, "\(place): \(message)")
        }
    }

    /// The failure of one event.
    func rejection(at place: String) -> SinkFailure { SinkFailure(rejectionCode, "\(place): \(message)") }

    private var rejectionCode: SinkFailure.Code {
        switch code {
        case 1118, 1153, 1713: .tooLarge
        default: .schemaMismatch
        }
    }

    /// The server's messages quote values, so these stand in their place.
    private static func words(for code: UInt32) -> String {
        switch code {
        case 1048, 1364: "a value is missing"
        case 1062: "another row has the same value in a unique index"
        case 1264, 1690: "a value is out of the range"
        case 1406: "a value is too long for the width"
        case 1118, 1713: "the row is too large for the table"
        case 1153: "the row is larger than max_allowed_packet"
        case 1216, 1217, 1451, 1452: "a foreign key of the mirror forbids the change"
        case 1526: "no partition of the mirror takes the row"
        case 1644: "a trigger of the mirror refused the row"
        case 3140...3158: "a text is not JSON for the type"
        case 3819, 4025: "a CHECK constraint of the mirror forbids the row"
        default: "a value is not one for the type"
        }
    }

    /// Reads `… for column 'name' at row 3` from the end, as a value may contain anything.
    static func place(in message: String) -> (column: String?, row: Int?) {
        var text = oneLine(message)[...]
        var row: Int?
        if let mark = text.ranges(of: " at row ").last, let number = Int(text[mark.upperBound...]), number > 0 {
            row = number - 1
            text = text[..<mark.lowerBound]
        }
        for end in [" cannot be null", " doesn't have a default value"] where text.hasSuffix(end) {
            text = text.dropLast(end.count)
        }
        // `db`.`table`.`column`, or 'column'.
        guard let quote = text.last, quote == "'" || quote == "`" else { return (nil, row) }
        var name: Substring?
        while text.last == quote, let open = text.dropLast().lastIndex(of: quote) {
            name = name ?? text.dropLast()[text.index(after: open)...]
            text = text[..<open]
            if text.last != "." { break }
            text = text.dropLast()
        }
        let isNamed = ["column ", "Column ", "Field "].contains { text.hasSuffix($0) }
        return (isNamed ? name.map(String.init) : nil, row)
    }

    /// What the library wraps: a server's `1130 - Host … is not allowed` that came before TLS began.
    private static func early(_ message: String) -> (code: UInt32, message: String)? {
        guard let mark = message.ranges(of: "cannot be verified: ").last else { return nil }
        let rest = message[mark.upperBound...]
        guard let dash = rest.firstRange(of: " - "), let code = UInt32(rest[..<dash.lowerBound]) else { return nil }
        return (code, String(rest[dash.upperBound...]))
    }

    static func oneLine(_ message: String) -> String {
        message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension MySQLFailure: RowFailure {
    var isOfData: Bool { kind == .data }
    var suspect: Int? { row }
}
