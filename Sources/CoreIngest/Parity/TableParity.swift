/// What a comparison found of one table.
package struct TableParity: Sendable {
    package var table: ParityTable
    package var sourceRows: UInt64 = 0
    package var mirrorRows: UInt64 = 0
    /// Rows that differ, each looked at again after the mirror had all that the source had.
    package var differences: [RowDifference] = []
    /// Rows that seemed to differ and were not looked at again, as there were too many.
    package var unconfirmed: UInt64 = 0
    /// Rows that changed each time they were looked at.
    package var unsettled: UInt64 = 0
    /// Names of columns that were left out, as the mirror keeps their values in another form.
    package var leftOut: [String] = []
    /// Why there is no mirror to compare the table with.
    package var absence: String?
    /// Why the table cannot be compared.
    package var obstacle: String?
    /// The mirror had not caught up when differences were looked at again: why, in one line.
    package var behind: String?

    package init(table: ParityTable) { self.table = table }

    package enum Verdict: String, Sendable {
        case equal
        /// No difference that stayed, but rows that could not be pinned down.
        case unsettled
        case different
        case notCompared
    }

    package var verdict: Verdict {
        if obstacle != nil { return .notCompared }
        if absence != nil { return .different }
        if !differences.isEmpty || unconfirmed > 0 { return .different }
        return unsettled > 0 ? .unsettled : .equal
    }
}

/// One row that is not the same on both sides.
package struct RowDifference: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// In the source only.
        case missing
        /// In the mirror only.
        case extra
        case different
    }

    package var key: ParityKey
    package var kind: Kind
    /// Names of the columns that differ; empty for whole rows.
    package var columns: [String]

    package init(key: ParityKey, kind: Kind, columns: [String]) {
        self.key = key
        self.kind = kind
        self.columns = columns
    }
}
