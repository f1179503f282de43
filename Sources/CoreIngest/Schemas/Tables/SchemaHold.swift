/// Why rows of a shape are not delivered: the policy does not allow the change that led to it, and nobody has approved it.
package struct SchemaHold: Sendable, Equatable {
    /// Never ``SchemaPolicy/Action/allow``.
    package let action: SchemaPolicy.Action
    /// One line: which change, and how to go on. No values.
    package let message: String

    init(_ action: SchemaPolicy.Action, _ change: SchemaChange, table: String, from: SchemaName, to: SchemaName) {
        self.action = action
        message =
            "the schema of \(table) changed from \(from) to \(to), of class \(change.rawValue), for which schemaChanges says "
            + "\(action.rawValue): stop the instance, run 'buz-cdc schemas approve \(to)' or set "
            + "schemaChanges.\(change.rawValue) to allow, and start it"
            + (action == .pause ? "; until then the server keeps its log" : "; then replay the dead letters")
    }

    /// The memory of schemas does not say whether a shape is new.
    init(_ action: SchemaPolicy.Action, table: String, unknown error: any Error) {
        self.action = action
        message =
            "whether the schema of \(table) may change is not known, as the state folder cannot be read or written: \(error);"
            + " mend that and start again"
    }
}
