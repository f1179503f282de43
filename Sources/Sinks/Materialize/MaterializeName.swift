import CoreIngest

extension NameRules {
    /// Source: Materialize documentation, Identifiers: the maximum length.
    static let mostMaterializeBytes = 255

    /// Materialize's: names are told apart by their bytes. The bound of columns is Postgres's, from which the tables come.
    static let materialize = NameRules(
        "Materialize", quote: "\"", folding: .none, mostBytes: mostMaterializeBytes, mostColumns: 1600)
}

/// A table or view of the destination: schema and name as they are, unquoted.
struct MaterializeName: Hashable, Sendable, CustomStringConvertible {
    @ExactText var schema: String
    @ExactText var name: String

    /// For SQL text: `"schema"."name"`.
    var sql: String { "\(NameRules.materialize.quoted(schema)).\(NameRules.materialize.quoted(name))" }
    /// For people.
    var description: String { "\(schema).\(name)" }

    /// What the names of its tables of changes begin with: `public.orders.`, of which the number is the rest. Points within are doubled,
    /// so that no two mirrors have one.
    var changesPrefix: String {
        [schema, name].map { $0.replacing(".", with: "..") }.joined(separator: ".") + "."
    }
}
