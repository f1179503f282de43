import CoreIngest
import HTTPClient

/// A table as the REST API has it.
struct BigQueryTable {
    struct Column: Equatable {
        var name: String
        /// As the API names it: `INTEGER` is `INT64` here, `FLOAT` is `FLOAT64`, `BOOLEAN` is `BOOL`.
        var type: String
        var isRepeated: Bool
    }

    var columns: [Column]
    /// Names of the primary key's columns; empty where there is none.
    var key: [String]
    /// The API's own text of the columns, to be sent back with more behind.
    private(set) var fields: [String]
    /// How old data of a query may be, as the API writes it; nil where it is not set.
    var staleness: String?
    /// Guards a change against one of another's.
    var etag: String?

    init(_ answer: BigQueryAnswer) {
        columns = []
        fields = []
        let view = answer.view
        if let list = answer.value("schema", "fields") {
            for field in view.elements(list) {
                let type = answer.text(field, "type") ?? ""
                columns.append(
                    Column(
                        name: answer.text(field, "name") ?? "", type: Self.standard[type] ?? type,
                        isRepeated: answer.text(field, "mode") == "REPEATED"))
                fields.append(String(decoding: view.text(field), as: UTF8.self))
            }
        }
        key = []
        if let list = answer.value("tableConstraints", "primaryKey", "columns") {
            key = view.elements(list).compactMap { view.string($0) }
        }
        staleness = answer.text(answer.value("maxStaleness"))
        etag = answer.text(answer.value("etag"))
    }

    private static let standard = [
        "INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "BIGDECIMAL": "BIGNUMERIC", "DECIMAL": "NUMERIC",
    ]

    static func field(_ name: String, _ type: String) -> String {
        "{\"name\":\(BigQueryAPI.json(name)),\"type\":\"\(type)\",\"mode\":\"NULLABLE\"}"
    }
}

extension BigQueryAPI {
    /// Nil where there is none.
    func table(_ name: String) throws(BigQueryFailure) -> BigQueryTable? {
        do throws(BigQueryFailure) {
            return BigQueryTable(try call(.get, tablePath(name)))
        } catch {
            if error.kind == .notFound { return nil }
            throw error
        }
    }

    /// True when it was made, false when it is there by now. `more`: further members of the table's resource.
    func create(_ name: String, fields: [String], more: [String]) throws(BigQueryFailure) -> Bool {
        let reference =
            "{\"projectId\":\(Self.json(project)),\"datasetId\":\(Self.json(dataset)),\"tableId\":\(Self.json(name))}"
        let members = ["\"tableReference\":\(reference)", "\"schema\":{\"fields\":[\(fields.joined(separator: ","))]}"]
        do throws(BigQueryFailure) {
            _ = try call(
                .post, "\(datasetPath)/tables", Array("{\((members + more).joined(separator: ","))}".utf8))
            return true
        } catch {
            if error.kind == .exists { return false }
            throw error
        }
    }

    /// Adds columns behind those that are there.
    func addColumns(_ fields: [String], to table: BigQueryTable, _ name: String) throws(BigQueryFailure) {
        let all = (table.fields + fields).joined(separator: ",")
        try patch(name, "\"schema\":{\"fields\":[\(all)]}", etag: table.etag)
    }

    /// Changes members of a table's resource.
    func patch(_ name: String, _ members: String, etag: String?) throws(BigQueryFailure) {
        var headers: HTTPHeaders = [:]
        if let etag { headers["If-Match"] = etag }
        _ = try call(.patch, tablePath(name), Array("{\(members)}".utf8), headers: headers)
    }
}
