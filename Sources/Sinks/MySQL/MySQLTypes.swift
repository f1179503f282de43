import CoreIngest

/// How Postgres's types are kept in MySQL and MariaDB.
enum MySQLTypes: TypeRules {
    static let dates = ValueBounds(least: "1000-01-01", most: "9999-12-31")
    static let times = ValueBounds(least: "1000-01-01 00:00:00", most: "9999-12-31 23:59:59.999999")
    private static let text = "the text that [types.md](../types.md) gives"
    private static let letter = "the event becomes a dead letter"

    static func rule(for column: StreamDescriptor.Column, inKey: Bool) -> TypeRule<MySQLType> {
        switch column.kind {
        case .boolean: TypeRule(MySQLType(.boolean), "0 or 1")
        case .integer(let bits): TypeRule(MySQLType(.integer(bits: bits)), "digit for digit")
        // A FLOAT tells six of its digits only.
        case .float: TypeRule(MySQLType(.double), "the same double", outside: "`NaN`, infinities: \(letter)")
        case .numeric(let precision?, let scale?)
        where precision <= MySQLKey.mostDigits && (0...min(30, precision)).contains(scale):
            TypeRule(
                MySQLType(.decimal(precision: precision, scale: scale)), "digit for digit", outside: "`NaN`: \(letter)")
        case .numeric:
            TypeRule(
                MySQLType(inKey ? .varchar(MySQLKey.mostCharacters) : .longText),
                "digit for digit; `CAST(x AS DECIMAL(65,10))` to calculate", outside: inKey ? letter : "")
        case .uuid: TypeRule(MySQLType(.char(36)), text)
        case .date: TypeRule(MySQLType(.date), "the same", bounds: inKey ? nil : dates)
        case .timestamp: TypeRule(MySQLType(.datetime), "the same, in UTC", bounds: inKey ? nil : times)
        case .time(withZone: false): TypeRule(MySQLType(.time), "the same, `24:00:00` too")
        case .time: TypeRule(MySQLType(.varchar(40)), text)
        case .interval: TypeRule(MySQLType(.varchar(100)), text)
        case .enumeration: TypeRule(MySQLType(.varchar(63)), text)
        case .string(let length?) where length <= 255: TypeRule(MySQLType(.varchar(max(1, length))), text)
        case .bytes:
            TypeRule(MySQLType(inKey ? .varbinary(MySQLKey.mostBytes) : .longBlob), "the bytes")
        case .json, .array, .composite, .hstore:
            TypeRule(
                MySQLType(inKey ? .varchar(MySQLKey.mostCharacters) : .longText),
                "JSON with its digits, for `JSON_EXTRACT`")
        case .string, .text: TypeRule(MySQLType(inKey ? .varchar(MySQLKey.mostCharacters) : .longText), text)
        }
    }

    /// The definition of a stream's mirror. Rows have a bound, and keys a lower one: see ``MySQLKey``.
    static func definition(_ stream: StreamDescriptor, changeColumns: [String]) -> TableDefinition<MySQLType> {
        var definition = TableDefinition(
            stream, MySQLTypes.self, more: zip(changeColumns, MySQLMirrorCatalog.changeTypes).map { ($0, $1) })
        // Positions are the key of what has no other, so that a change that comes again is there already.
        if stream.keyColumns.isEmpty { definition.key = [stream.columns.count + 1, stream.columns.count + 2] }
        MySQLKey.fit(&definition)
        return definition
    }
}

/// InnoDB's bounds: 3,072 bytes of an index entry, and MySQL's 65,535 bytes of a row without what is stored beside it.
enum MySQLKey {
    static let mostBytes = 3072
    static let mostCharacters = mostBytes / 4
    static let mostDigits = 65
    /// What `VARCHAR` columns outside of the key may have of a row; the rest is for everything else.
    private static let mostRow = 40_000

    /// Makes texts of the key share its bytes, and those that the row has no room for `LONGTEXT`.
    static func fit(_ definition: inout TableDefinition<MySQLType>) {
        var flexible: [Int] = []
        var fixed = 0
        for index in definition.key {
            let size = bytes(definition.columns[index].type)
            switch definition.columns[index].type.base {
            case .varchar(let length) where length > 63: flexible.append(index)
            case .varbinary: flexible.append(index)
            default: fixed += size
            }
        }
        // Short ones keep their length where the share is larger.
        var rest = mostBytes - fixed
        flexible.sort { bytes(definition.columns[$0].type) < bytes(definition.columns[$1].type) }
        for (place, index) in flexible.enumerated() {
            let share = max(4, rest / (flexible.count - place))
            switch definition.columns[index].type.base {
            case .varchar(let length): definition.columns[index].type = MySQLType(.varchar(min(length, share / 4)))
            case .varbinary(let length): definition.columns[index].type = MySQLType(.varbinary(min(length, share)))
            default: break
            }
            rest -= bytes(definition.columns[index].type)
        }
        var row = 0
        for index in definition.columns.indices where !definition.key.contains(index) {
            guard case .varchar = definition.columns[index].type.base else { continue }
            row += bytes(definition.columns[index].type)
            if row > mostRow { definition.columns[index].type = MySQLType(.longText) }
        }
    }

    /// What a column has of an index entry, or of a row.
    private static func bytes(_ type: MySQLType) -> Int {
        switch type.base {
        case .boolean: 1
        case .integer(let bits): bits / 8
        case .unsigned, .double, .datetime, .time: 8
        case .date: 3
        case .decimal(let precision, _): precision / 2 + 2
        case .char(let length), .varchar(let length): length * 4
        case .varbinary(let length): length
        case .longText, .longBlob, .other: 12
        }
    }
}
