/// One row of `pg_type`, with what belongs to it in `pg_enum`, `pg_attribute` and `pg_range`.
package struct TypeInfo: Sendable, Equatable {
    package var oid: UInt32
    package var namespace: String
    package var name: String
    package var form: Form

    package enum Form: Sendable, Equatable {
        case base
        /// A true array: `delimiter` is `,`, but `;` for `box`.
        case array(element: UInt32, delimiter: UInt8)
        /// `checks`: its constraints, as SQL.
        case domain(base: UInt32, typeModifier: Int32, isNotNull: Bool = false, checks: [String] = [])
        /// Labels in the type's order.
        case enumeration([String])
        case composite([Attribute])
        case range(subtype: UInt32)
        case multirange(subtype: UInt32)
        case pseudo
    }

    package struct Attribute: Sendable, Equatable {
        package var name: String
        package var typeOID: UInt32
        package var typeModifier: Int32

        package init(name: String, typeOID: UInt32, typeModifier: Int32 = -1) {
            self.name = name
            self.typeOID = typeOID
            self.typeModifier = typeModifier
        }
    }

    package init(oid: UInt32, namespace: String, name: String, form: Form) {
        self.oid = oid
        self.namespace = namespace
        self.name = name
        self.form = form
    }
}
