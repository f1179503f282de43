/// What is left of a compiled schema to be asked of the rows of one table: what the types of its columns guarantee is gone, and with it the
/// names of the properties. Made once for a ``StreamDescriptor``; rows are checked where their values have just been written.
///
/// It answers only for what it can see column by column. A row that does not pass it may pass the schema all the same, and is asked of
/// the schema; a row that passes it passes the schema.
package final class RowProgram: Sendable {
    let program: SchemaProgram
    /// In the order of the columns.
    let checks: SchemaProgram.Table<RowCheck>
    /// What the checks point into.
    let instructions: SchemaProgram.Table<SchemaInstruction>
    /// Columns, by index, that must not be null.
    let notNull: SchemaProgram.Table<UInt32>
    let columnCount: Int
    /// An upper bound of the steps that the schema would have taken for what is gone.
    let steps: Int
    /// As ``steps``, of checks within checks.
    let depth: Int

    /// Nil where the schema asks for more than columns can say by themselves, or no row of the table can pass it.
    init?(_ program: SchemaProgram, columns: [StreamDescriptor.Column]) {
        guard !columns.isEmpty else { return nil }
        var specialization = RowSpecialization(program, columns)
        guard specialization.addRoot(program.root, depth: 1) else { return nil }
        specialization.finish()
        self.program = program
        checks = SchemaProgram.Table(specialization.checks)
        instructions = SchemaProgram.Table(specialization.instructions)
        notNull = SchemaProgram.Table(specialization.notNull)
        columnCount = columns.count
        steps = specialization.steps
        depth = specialization.depth
    }

    deinit {
        checks.deallocate()
        instructions.deallocate()
        notNull.deallocate()
    }
}

/// What is asked of one column's values.
struct RowCheck: BitwiseCopyable {
    /// Index of the column.
    var column: UInt32
    /// Into the row program's instructions.
    var start: UInt32
    var end: UInt32
    /// Shorter values need not be read for the sake of their nesting alone; 0 where there is something to be asked of every value.
    var trustedBytes: UInt32
}
