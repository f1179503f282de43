/// As it is kept in the state:
/// `{"name":…,"versions":[{"version":"1-0-0","columns":[{"name","nullable","family","sizes":[…],"labels":[…],"number","type","rules":{…}}],"key":[…],"held":true}],`
/// `"system":"…","base":"1-0-0","moves":[{"commit":"…","ordinal":"…","from":…,"to":…,"snapshot":false}]}`, where `number`, `type`, `rules`, `key`,
/// `held` and all after the versions may be absent. Numbers of 64 bits are strings.
extension SchemaHistory {
    var bytes: [UInt8] {
        var arena = ByteArena(capacity: 1024)
        arena.append("{\"name\":")
        arena.appendJSONString(text: name)
        arena.append(",\"versions\":[")
        for (index, entry) in entries.enumerated() {
            arena.append(index == 0 ? "{\"version\":\"" : ",{\"version\":\"")
            arena.append(text: entry.version.description)
            arena.append("\",\"columns\":[")
            for (index, column) in entry.signature.columns.enumerated() {
                if index > 0 { arena.append(UInt8(ascii: ",")) }
                arena.append(column)
            }
            arena.append("]")
            if let key = entry.signature.key {
                arena.append(",\"key\":")
                arena.append(strings: key)
            }
            arena.append(entry.isAccepted ? "}" : ",\"held\":true}")
        }
        arena.append("]")
        if let system {
            arena.append(",\"system\":")
            arena.appendJSONString(text: system)
        }
        if let base { arena.append(text: ",\"base\":\"\(base)\"") }
        arena.append(",\"moves\":[")
        for (index, move) in moves.enumerated() {
            if index > 0 { arena.append(UInt8(ascii: ",")) }
            arena.append(
                text:
                    "{\"commit\":\"\(move.position.commit)\",\"ordinal\":\"\(move.position.ordinal)\",\"from\":\"\(move.from)\","
                    + "\"to\":\"\(move.to)\",\"snapshot\":\(move.isSnapshot)}")
        }
        arena.append("]}")
        return Array(arena.bytes)
    }

    /// Nil for bytes that ``bytes`` did not write.
    init?(_ bytes: [UInt8]) {
        guard let document = try? bytes.withUnsafeBytes({ try JSONDocument($0) }) else { return nil }
        let view = document.view
        guard let name = view.text(of: "name", in: 0), let versions = view.member(0, named: "versions") else {
            return nil
        }
        self.init(name: name)
        for entry in view.elements(versions) {
            guard let version = view.version(of: "version", in: entry),
                let columns = view.member(entry, named: "columns")
            else { return nil }
            let key = view.member(entry, named: "key").map { view.elements($0).compactMap { view.string($0) } }
            let signatures = view.elements(columns).compactMap { ColumnSignature(view, $0) }
            let isHeld = view.member(entry, named: "held").flatMap { view.boolean($0) } ?? false
            entries.append(
                Entry(
                    version: version, signature: TableSignature(columns: signatures, key: key), isAccepted: !isHeld))
        }
        system = view.text(of: "system", in: 0)
        base = view.version(of: "base", in: 0)
        guard let moves = view.member(0, named: "moves") else { return }
        for move in view.elements(moves) {
            guard let commit = view.text(of: "commit", in: move).flatMap({ UInt64($0) }),
                let ordinal = view.text(of: "ordinal", in: move).flatMap({ UInt64($0) }),
                let from = view.version(of: "from", in: move), let to = view.version(of: "to", in: move),
                let isSnapshot = view.member(move, named: "snapshot").flatMap({ view.boolean($0) })
            else { return nil }
            self.moves.append(
                Move(
                    position: Position(commit: commit, ordinal: ordinal), from: from, to: to, isSnapshot: isSnapshot))
        }
    }
}

extension ColumnSignature {
    fileprivate init?(_ view: JSONView, _ column: Int) {
        guard let name = view.text(of: "name", in: column),
            let nullable = view.member(column, named: "nullable").flatMap({ view.boolean($0) }),
            let family = view.text(of: "family", in: column),
            let sizes = view.member(column, named: "sizes"), let labels = view.member(column, named: "labels")
        else { return nil }
        self.init(
            name: name, isNullable: nullable, family: family,
            sizes: view.elements(sizes).compactMap { view.integer($0) },
            labels: view.elements(labels).compactMap { view.string($0) },
            number: view.member(column, named: "number").flatMap { view.integer($0) },
            sqlType: view.text(of: "type", in: column))
        rules = view.member(column, named: "rules").map { list in
            var rules: [String: String] = [:]
            for member in view.members(list) { rules[view.string(member.name) ?? ""] = view.string(member.value) }
            return rules
        }
    }
}

extension JSONView {
    fileprivate func text(of name: StaticString, in object: Int) -> String? {
        member(object, named: name).flatMap { string($0) }
    }

    fileprivate func version(of name: StaticString, in object: Int) -> SchemaVersion? {
        text(of: name, in: object).flatMap { SchemaVersion(parsing: $0) }
    }
}

extension ByteArena {
    fileprivate mutating func append(_ column: ColumnSignature) {
        append("{\"name\":")
        appendJSONString(text: column.name)
        append(column.isNullable ? ",\"nullable\":true,\"family\":" : ",\"nullable\":false,\"family\":")
        appendJSONString(text: column.family)
        append(",\"sizes\":[")
        append(text: column.sizes.map(String.init).joined(separator: ","))
        append("],\"labels\":")
        append(strings: column.labels)
        if let number = column.number { append(text: ",\"number\":\(number)") }
        if let sqlType = column.sqlType {
            append(",\"type\":")
            appendJSONString(text: sqlType)
        }
        if let rules = column.rules {
            append(",\"rules\":{")
            for (index, rule) in rules.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { append(",") }
                appendJSONString(text: rule.key)
                append(":")
                appendJSONString(text: rule.value)
            }
            append("}")
        }
        append("}")
    }

    /// A JSON array of strings.
    mutating func append(strings: [String]) {
        append("[")
        for (index, text) in strings.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            appendJSONString(text: text)
        }
        append("]")
    }
}
