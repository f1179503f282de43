extension SchemaEvaluator {
    /// Whether a row passes, by the values of its columns. No may mean that the schema itself must be asked: see ``RowProgram``.
    ///
    /// `values`: by column, in the arena in which `payload`, the row's JSON object, begins at `start`. `hasNull`: whether a value of a
    /// column may be null.
    package mutating func passes(
        _ row: RowProgram, _ values: [ValueSpan], hasNull: Bool, _ payload: UnsafeRawBufferPointer, at start: Int
    ) -> Bool {
        guard values.count == row.columnCount, payload.count <= reader.limits.bytes else { return false }
        if hasNull {
            for index in 0..<row.notNull.count {
                let value = values[Int(row.notNull[index])]
                if !value.isAbsent, payload[value.start &- start] == UInt8(ascii: "n") { return false }
            }
        }
        if row.checks.count == 0 { return true }
        begin(payload, sparing: row.steps, depth: row.depth)
        defer { endSparing() }
        let view = JSONView(words: UnsafeBufferPointer(start: nil, count: 0), bytes: payload)
        for index in 0..<row.checks.count {
            let check = row.checks[index]
            let value = values[Int(check.column)]
            if value.isAbsent || value.end &- value.start < Int(check.trustedBytes) { continue }
            if !passes(row, check, payload, view, value.start &- start) { return false }
        }
        return trouble == nil
    }

    @inline(__always) private mutating func passes(
        _ row: RowProgram, _ check: RowCheck, _ payload: UnsafeRawBufferPointer, _ view: JSONView, _ start: Int
    ) -> Bool {
        var at = start
        guard at < payload.count else { return false }
        let first = payload[at]
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            return passesContainer(row, check, payload, at)
        }
        do throws(JSONError) {
            let word = try JSONLexer.scalar(payload.bytes, &at)
            return passes(row, check, word, view)
        } catch {
            return false
        }
    }

    @inline(__always) private mutating func passes(
        _ row: RowProgram, _ check: RowCheck, _ word: JSONWord, _ view: JSONView
    ) -> Bool {
        var index = Int(check.start)
        let end = Int(check.end)
        while index < end {
            if !passes(row.program, row.instructions[index], word, 0, view, partial: false) { return false }
            index &+= 1
        }
        return true
    }

    @inline(never) private mutating func passesContainer(
        _ row: RowProgram, _ check: RowCheck, _ payload: UnsafeRawBufferPointer, _ start: Int
    ) -> Bool {
        var at = start
        do throws(JSONError) {
            try reader.readValue(payload.bytes, &at, depth: 1)
        } catch {
            return false
        }
        let view = JSONView(
            words: UnsafeBufferPointer(start: reader.tape.base, count: reader.tape.count), bytes: payload)
        return passes(row, check, view.word(0), view)
    }
}
