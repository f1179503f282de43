import CoreIngest

/// What DuckDB, or the search for its library, answered.
package struct DuckDBFailure: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// What is in the rows cannot be stored.
        case data
        /// Another process has the file.
        case locked
        case storageFull
        case unauthorized
        /// The file, the library or a setting is not what it should be.
        case misconfigured
        /// Longer than the sink's time limit, or within too little memory.
        case timedOut, outOfMemory
        case other
    }

    package var kind: Kind
    /// One line, without values of rows.
    package var description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// Longer texts are cut.
    private static let mostCharacters = 400

    /// Reads what DuckDB says: `IO Error: …`, and hints on lines below. What it says of values holds values, so that is left out.
    init(saying text: String, of path: String) {
        let line = String(text.prefix { $0 != "\n" }.prefix(Self.mostCharacters))
        func has(_ part: String) -> Bool { line.contains(part) }
        let kind = line.prefix { $0 != ":" }
        if has("No space left on device") || has("Disk quota exceeded") {
            self.init(.storageFull, "the disk of \(path) is full: \(line)")
        } else if has("Could not set lock") {
            let holder = line.firstRange(of: "held in ").map { line[$0.upperBound...].prefix { $0 != ")" } + ")" }
            self.init(
                .locked,
                "\(path) is open in another process\(holder.map { ", \($0)" } ?? ""): it is written once that is closed"
            )
        } else if has("Permission denied") || has("Read-only file system") || has("Operation not permitted") {
            self.init(.unauthorized, "\(path) may not be written: \(line)")
        } else if has("in read-only mode") {
            self.init(.other, "there is no file \(path) yet: it comes with the sink's first write")
        } else if has("Cannot open file") {
            self.init(.unauthorized, "\(path) cannot be opened or made, and its folder must be there: \(line)")
        } else if has("not a valid DuckDB database") || has("orrupt") || has("checksum")
            || has("Could not read enough bytes") || has("database file with version number")
        {
            self.init(
                .misconfigured, "\(path) is not a database that this DuckDB reads; name another file: \(line)")
        } else if kind == "Out of Memory Error" {
            self.init(.outOfMemory, "DuckDB needs more memory than memoryLimit: raise it, or lower batch.maxBytes")
        } else if kind == "INTERRUPT Error" {
            self.init(.timedOut, "a statement took longer than timeout: raise it")
        } else if has("onstraint") && !has("Catalog Error") || Self.ofValues.contains(String(kind)) {
            self.init(
                .data, "DuckDB refuses a value (\(kind == "TransactionContext Error" ? "Constraint Error" : kind))")
        } else if Self.open.contains(String(kind)) {
            self.init(.other, "\(path): \(line)")
        } else {
            self.init(.other, "\(path): DuckDB answered \(kind.count < 40 ? String(kind) : "an unknown error")")
        }
    }

    private static let ofValues: Set<String> = [
        "Conversion Error", "Out of Range Error", "Constraint Error", "Invalid Input Error", "Mismatch Type Error",
        "Invalid type Error", "Object Size Error", "Decimal Error",
    ]

    /// Those that speak of files, tables and transactions.
    private static let open: Set<String> = [
        "IO Error", "TransactionContext Error", "Catalog Error", "Binder Error", "Parser Error", "Dependency Error",
        "Permission Error", "FATAL Error", "INTERNAL Error", "Not implemented Error", "Data Corruption Error",
    ]

    /// As the lane has it. Whatever went wrong, the file is opened anew: some errors leave a database that answers nothing any more.
    func sinkFailure(at place: String) -> SinkFailure {
        let code: SinkFailure.Code =
            switch kind {
            case .data: .schemaMismatch
            case .locked, .timedOut: .unavailable
            case .storageFull: .storageFull
            case .unauthorized: .unauthorized
            case .misconfigured, .outOfMemory: .misconfigured
            case .other: .other
            }
        return SinkFailure(code, "\(place): \(description)", reopen: true)
    }
}
