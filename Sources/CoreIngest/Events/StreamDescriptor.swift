/// One kind of event, as it was at one time: a table with its columns, or a schema of collected events. Immutable; when the
/// table changes, a new descriptor takes its place.
public final class StreamDescriptor: Sendable {
    /// Name of the database, schema and table; empty for collected events.
    public let database: String
    /// The schema of the database that the table lies in; empty for collected events.
    public let schemaName: String
    /// The table's name; empty for collected events.
    public let table: String
    /// In the order in which the source sends them.
    public let columns: [Column]
    /// Indices of the key's columns, in the key's order; empty where the table has none.
    public let keyColumns: [Int]
    /// The name of the JSON schema of the payload.
    public let schema: SchemaName
    /// Checks payloads; nil where nothing is to be checked.
    public let validator: PayloadValidator?
    /// What ``validator`` asks of rows, by column; nil where rows are asked as JSON, or nothing is.
    package let rows: RowProgram?
    /// `cdc`, or the protocol that an event was collected by.
    public let `protocol`: String
    /// Tells what is to be used in this one's place; nil where nothing can change.
    package let renewal: (any StreamRenewal)?
    /// Why its events are not delivered; nil where they are.
    package let hold: SchemaHold?

    /// One column, as the catalog had it.
    public struct Column: Sendable, Equatable {
        /// The column's name.
        @ExactText public var name: String
        /// The type's name as SQL writes it, with its modifier: `numeric(12,2)`, `text[]`, `public.mood`.
        @ExactText public var sqlType: String
        /// How values of it are written as JSON.
        public var kind: Kind
        /// Whether values may be NULL.
        public var isNullable: Bool
        /// Part of the table's key (primary key, or replica identity where there is none).
        public var isKey: Bool
        /// Postgres's type OID, and modifier (-1: none).
        public var typeOID: UInt32
        /// The type's modifier as the catalog has it; -1 where there is none.
        public var typeModifier: Int32
        /// The comment on the column.
        public var comment: String?
        /// Labels, in order, of an enum.
        public var enumLabels: [String]
        /// The column's number in its table, which stays when it is renamed; nil where the catalog did not know.
        public var number: Int?
        /// What CHECK constraints say of its values.
        public var rules: ColumnRules
        /// Whether its values are made by the server only: generated, or an identity that is always so.
        public var isReadOnly: Bool

        /// A column by its parts.
        public init(
            name: String, sqlType: String, kind: Kind, isNullable: Bool = true, isKey: Bool = false,
            typeOID: UInt32 = 0,
            typeModifier: Int32 = -1, comment: String? = nil, enumLabels: [String] = [], number: Int? = nil,
            rules: ColumnRules = ColumnRules(), isReadOnly: Bool = false
        ) {
            self.name = name
            self.sqlType = sqlType
            self.kind = kind
            self.isNullable = isNullable
            self.isKey = isKey
            self.typeOID = typeOID
            self.typeModifier = typeModifier
            self.comment = comment
            self.enumLabels = enumLabels
            self.number = number
            self.rules = rules
            self.isReadOnly = isReadOnly
        }
    }

    /// What values of a column are in JSON. Sinks choose their own column type by it and `sqlType`.
    public indirect enum Kind: Sendable, Equatable {
        case boolean
        /// int2, int4, int8, oid: a JSON number with the digits as given. Bits: 16, 32 or 64.
        case integer(bits: Int)
        /// float4 or float8: a number; NaN and infinities are strings.
        case float(bits: Int)
        /// A number with the digits as given; NaN and infinities are strings. Nil where unconstrained.
        case numeric(precision: Int?, scale: Int?)
        /// A string, of at most so many characters.
        case string(maxLength: Int?)
        case uuid
        /// Strings in Postgres's ISO form.
        case date
        case time(withZone: Bool)
        case timestamp(withZone: Bool)
        case interval
        /// `\x…`, as Postgres writes it.
        case bytes
        /// json or jsonb, embedded as it is.
        case json
        /// JSON object of strings and nulls.
        case hstore
        case enumeration
        /// JSON array, nested for more dimensions.
        case array(of: Kind)
        /// JSON object, one member per attribute.
        case composite([CompositeField])
        /// Any other type: its text, as a string.
        case text
    }

    /// One attribute of a composite type.
    public struct CompositeField: Sendable, Equatable {
        /// The attribute's name.
        @ExactText public var name: String
        /// How values of it are written as JSON.
        public var kind: Kind
        /// An attribute by its parts.
        public init(name: String, kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    /// A stream by its parts.
    public convenience init(
        database: String, schemaName: String, table: String, columns: [Column], keyColumns: [Int], schema: SchemaName,
        validator: PayloadValidator?, protocol: String = "cdc"
    ) {
        self.init(
            database: database, schemaName: schemaName, table: table, columns: columns, keyColumns: keyColumns,
            schema: schema, validator: validator, protocol: `protocol`, renewal: nil)
    }

    /// The same for a stream whose schema may change while it is in use.
    package init(
        database: String, schemaName: String, table: String, columns: [Column], keyColumns: [Int], schema: SchemaName,
        validator: PayloadValidator?, protocol: String = "cdc", renewal: (any StreamRenewal)?,
        hold: SchemaHold? = nil
    ) {
        self.renewal = renewal
        self.hold = hold
        self.database = database
        self.schemaName = schemaName
        self.table = table
        self.columns = columns
        self.keyColumns = keyColumns
        self.schema = schema
        self.validator = validator
        rows = validator.flatMap { RowProgram($0.program, columns: columns) }
        self.`protocol` = `protocol`
    }

    /// `schema.table`, for people.
    public var qualifiedName: String { schemaName.isEmpty ? table : "\(schemaName).\(table)" }
}
