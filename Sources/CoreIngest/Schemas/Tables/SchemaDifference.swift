/// The part of SchemaVer that a change raises, by what the new schema says to data of the old one.
package enum SchemaChange: String, Sendable, Equatable, Comparable, CaseIterable {
    /// The new schema accepts all that the old one did.
    case addition
    /// Data of the old schema may fail the new one, though each value still has the form it had.
    case revision
    /// Values have another form, or rows another key, or a column another name.
    case model

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .addition: 0
        case .revision: 1
        case .model: 2
        }
    }
}

/// What a schema says of rows: the columns, and the key where it is known.
package struct TableSignature: Equatable, Sendable {
    package var columns: [ColumnSignature]
    /// Names of the key's columns, in the key's order; nil where nothing is known of it.
    package var key: [String]?
    /// Whether rows have no further members: those of a table never do.
    var isClosed = true

    package init(columns: [ColumnSignature], key: [String]? = nil) {
        self.columns = columns
        self.key = key
    }

    package init(columns: [StreamDescriptor.Column], keyColumns: [Int]) {
        self.init(columns: columns.map { ColumnSignature($0) }, key: keyColumns.map { columns[$0].name })
    }

    /// Takes over the rules of the same shape where they are not known.
    mutating func learnRules(from other: TableSignature) {
        for index in columns.indices where columns[index].rules == nil {
            columns[index].rules = other.columns[index].rules
            columns[index].labels = other.columns[index].labels
        }
    }

    /// Whether events of both look the same. What one of them does not know is not compared.
    func isSameShape(as other: TableSignature) -> Bool {
        columns.count == other.columns.count && zip(columns, other.columns).allSatisfy { $0.isSameShape(as: $1) }
            && (key == nil || other.key == nil || key?.exact == other.key?.exact)
    }
}

/// What changed from one schema to the next, classified by subsumption. Pure: the same for the same two.
///
/// | change | class |
/// |---|---|
/// | a nullable column, a label of an enum, a wider type (`int4` to `int8` or `numeric`, `varchar(9)` to `text`), no more NOT NULL, a CHECK that allows more, or none any more | addition |
/// | a dropped column, a column that must be there, a narrower type, a label less, NOT NULL, a CHECK that allows less, or something else | revision |
/// | another type, another key, another name of a column | model |
package struct SchemaDifference: Equatable, Sendable {
    /// A column that is in both with another type, or nullability, or labels.
    package struct Pair: Equatable, Sendable {
        package var old: ColumnSignature
        package var new: ColumnSignature
    }

    /// The largest of all that changed; `.addition` where nothing but the order did.
    package private(set) var change = SchemaChange.addition
    package private(set) var added: [ColumnSignature] = []
    package private(set) var removed: [ColumnSignature] = []
    package private(set) var renamed: [Pair] = []
    package private(set) var changed: [Pair] = []
    /// Set where both keys are known and differ.
    package private(set) var key: (old: [String], new: [String])?
    /// One line for each change, for people.
    package private(set) var reasons: [Reason] = []

    /// Why a change is of its class.
    package struct Reason: Equatable, Sendable {
        package var change: SchemaChange
        package var text: String
    }

    /// Nothing a reader of events would see.
    package var isEmpty: Bool { reasons.isEmpty }

    package static func between(_ old: TableSignature, _ new: TableSignature) -> SchemaDifference {
        var difference = SchemaDifference()
        let before = Dictionary(old.columns.map { ($0.$name, $0) }, uniquingKeysWith: { first, _ in first })
        let names = Set(new.columns.map(\.$name))
        var removed = old.columns.filter { !names.contains($0.$name) }
        for column in new.columns {
            if let known = before[column.$name] {
                difference.compare(known, column)
            } else if let origin = removed.firstIndex(where: { isRenamed($0, to: column) }) {
                difference.rename(removed.remove(at: origin), to: column)
            } else {
                difference.add(column, wasClosed: old.isClosed)
            }
        }
        for column in removed { difference.remove(column, isClosed: new.isClosed) }
        if new.isClosed, !old.isClosed { difference.note(.revision, "other properties are not allowed any more") }
        if old.isClosed, !new.isClosed { difference.note(.addition, "other properties are allowed now") }
        if let oldKey = old.key, let newKey = new.key, oldKey.exact != newKey.exact {
            difference.key = (oldKey, newKey)
            difference.note(.model, "the key was \(list(oldKey)) and is \(list(newKey))")
        }
        return difference
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.change == right.change && left.added == right.added && left.removed == right.removed
            && left.renamed == right.renamed && left.changed == right.changed && left.reasons == right.reasons
            && left.key?.old == right.key?.old && left.key?.new == right.key?.new
    }

    /// By its number in the table; without one, a column that goes while another of the same type comes cannot be told from it.
    private static func isRenamed(_ old: ColumnSignature, to new: ColumnSignature) -> Bool {
        if let before = old.number, let now = new.number { return before == now }
        return old.$family == new.$family && old.sizes == new.sizes && old.labels.exact == new.labels.exact
            && old.isNullable == new.isNullable
    }

    private mutating func rename(_ old: ColumnSignature, to new: ColumnSignature) {
        renamed.append(Pair(old: old, new: new))
        note(.model, "column \(old.name) was renamed to \(new.name)")
        var sameName = old
        sameName.name = new.name
        compare(sameName, new)
    }

    /// Where other properties were allowed, data may hold anything under the name.
    private mutating func add(_ column: ColumnSignature, wasClosed: Bool) {
        added.append(column)
        if column.isRequired {
            note(.revision, "column \(column.name), which must be there, was added")
        } else if wasClosed {
            note(.addition, "column \(column.name) was added")
        } else {
            note(.revision, "column \(column.name) was added, under whose name anything was allowed")
        }
    }

    private mutating func remove(_ column: ColumnSignature, isClosed: Bool) {
        removed.append(column)
        note(isClosed ? .revision : .addition, "column \(column.name) was dropped")
    }

    private mutating func compare(_ old: ColumnSignature, _ new: ColumnSignature) {
        if new.isSameShape(as: old) { return }
        changed.append(Pair(old: old, new: new))
        let types = "from \(old.sqlType ?? old.family) to \(new.sqlType ?? new.family)"
        switch new.reach(over: old) {
        case .all:
            if old.$family != new.$family || old.sizes != new.sizes {
                note(.addition, "column \(new.name) was widened \(types)")
            }
        case .some: note(.revision, "column \(new.name) was narrowed \(types)")
        case .none: note(.model, "column \(new.name) has another type: \(types)")
        }
        if old.isNullable != new.isNullable {
            if new.isNullable {
                note(.addition, "column \(new.name) may be null now")
            } else {
                note(.revision, "column \(new.name) may not be null any more")
            }
        }
        if old.isNullable == new.isNullable, old.isRequired != new.isRequired {
            if new.isRequired {
                note(.revision, "column \(new.name) must be there now")
            } else {
                note(.addition, "column \(new.name) may be left out now")
            }
        }
        if new.isWithoutRules(beside: old) { return }
        for rule in SchemaRuleChange.between(old.rules ?? [:], new.rules ?? [:]) {
            note(
                rule.change,
                "column \(new.name): \(rule.keyword) was \(Self.short(rule.old)) and is \(Self.short(rule.new))")
        }
        if old.$family == new.$family, old.labels.exact != new.labels.exact {
            if old.labels.isEmpty, new.family != "enum" {
                note(.revision, "column \(new.name) may only be one of a list now")
                return
            }
            if new.labels.isEmpty, new.family != "enum" {
                note(.addition, "column \(new.name) may be any now")
                return
            }
            let lost = new.lostLabels(of: old)
            if !lost.isEmpty {
                note(.revision, "column \(new.name) lost the label \(Self.list(lost))")
            } else {
                note(.addition, "column \(new.name) has other labels, and all that it had")
            }
        }
    }

    private mutating func note(_ change: SchemaChange, _ text: String) {
        self.change = max(self.change, change)
        reasons.append(Reason(change: change, text: text))
    }

    private static func short(_ rule: String?) -> String {
        guard let rule else { return "not set" }
        return rule.count > 60 ? rule.prefix(60) + "…" : rule
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.joined(separator: ", ")
    }
}

extension SchemaVersion {
    /// The version after a change.
    package func raised(by change: SchemaChange) -> SchemaVersion {
        switch change {
        case .addition: SchemaVersion(model: model, revision: revision, addition: addition + 1)
        case .revision: SchemaVersion(model: model, revision: revision + 1, addition: 0)
        case .model: SchemaVersion(model: model + 1, revision: 0, addition: 0)
        }
    }
}
