package import CoreIngest

/// What one destination makes of the columns of one kind: how they are declared, what is stored, and what becomes of values that the
/// destination cannot hold. Code and page (``TypePage``) are made of the same rules.
package struct TypeRule<ColumnType: Sendable & Equatable>: Sendable, Equatable {
    /// As the destination declares it.
    package var type: ColumnType
    /// What is stored, for the page: "digit for digit", "JSON".
    package var stored: String
    /// What becomes of a value that the column cannot hold, for the page; empty where it holds all.
    package var outside: String
    /// Why `verify` leaves the column out, for the page and the report; nil where values come back exactly.
    package var incomparable: String?
    /// For dates and timestamps: the values that the column holds, where those beyond are stored as the nearest bound.
    package var bounds: ValueBounds?

    package init(
        _ type: ColumnType, _ stored: String, outside: String = "", incomparable: String? = nil,
        bounds: ValueBounds? = nil
    ) {
        self.type = type
        self.stored = stored
        self.outside = outside
        self.incomparable = incomparable
        self.bounds = bounds
    }
}

/// The rules of one destination. Without state: the same column always gets the same type.
package protocol TypeRules: Sendable {
    /// Its description is what the page says, and what stands in statements.
    associatedtype ColumnType: Sendable & Equatable & CustomStringConvertible

    /// The rule for a column. `inKey`: the mirror's key is made of it, which some destinations have other types for.
    static func rule(for column: StreamDescriptor.Column, inKey: Bool) -> TypeRule<ColumnType>
}
