import CoreIngest
import HTTPClient

/// The rows of a query, page by page. Source: jobs.query, jobs.getQueryResults.
extension BigQueryAPI {
    /// Rows of one page.
    private static let pageRows = 10_000
    /// How long the server may let us wait in one request.
    private static let waitMilliseconds = 10_000

    /// Runs a statement, and hands over its rows; NULL is nil. Timestamps come as microseconds.
    func query<Failure: Error>(
        _ sql: String, _ parameters: [(name: String, value: String)] = [],
        failure: (BigQueryFailure) -> Failure, _ take: ([String?]) throws(Failure) -> Void
    ) throws(Failure) {
        var answer: BigQueryAnswer
        do throws(BigQueryFailure) { answer = try call(.post, "/queries", Self.request(sql, parameters)) } catch {
            throw failure(error)
        }
        let job = answer.text(answer.value("jobReference", "jobId"))
        let location = answer.text(answer.value("jobReference", "location"))
        while true {
            let isComplete = answer.value("jobComplete").flatMap { answer.view.boolean($0) } ?? true
            if isComplete, let rows = answer.value("rows") {
                for row in answer.view.elements(rows) { try take(Self.cells(of: row, answer)) }
            }
            let page = answer.text(answer.value("pageToken"))
            if isComplete, page == nil { return }
            guard let job else {
                throw failure(BigQueryFailure(.unavailable, "a query without a job cannot be followed"))
            }
            var fields = [
                ("maxResults", "\(Self.pageRows)"), ("timeoutMs", "\(Self.waitMilliseconds)"),
                ("formatOptions.useInt64Timestamp", "true"),
            ]
            if let location { fields.append(("location", location)) }
            if let page { fields.append(("pageToken", page)) }
            do throws(BigQueryFailure) {
                answer = try call(.get, "/queries/\(FormText.escaped(job))", query: fields)
            } catch { throw failure(error) }
        }
    }

    private static func request(_ sql: String, _ parameters: [(name: String, value: String)]) -> [UInt8] {
        var text = "{\"query\":\(json(sql)),\"useLegacySql\":false,\"maxResults\":\(pageRows)"
        text += ",\"timeoutMs\":\(waitMilliseconds),\"formatOptions\":{\"useInt64Timestamp\":true}"
        if !parameters.isEmpty {
            let list = parameters.map {
                "{\"name\":\(json($0.name)),\"parameterType\":{\"type\":\"STRING\"},\"parameterValue\":{\"value\":\(json($0.value))}}"
            }
            text += ",\"parameterMode\":\"NAMED\",\"queryParameters\":[\(list.joined(separator: ","))]"
        }
        return Array((text + "}").utf8)
    }

    private static func cells(of row: Int, _ answer: BigQueryAnswer) -> [String?] {
        guard let list = answer.view.member(row, named: "f") else { return [] }
        return answer.view.elements(list).map { answer.text($0, "v") }
    }

    /// A statement whose rows nobody wants.
    func run(_ sql: String, _ parameters: [(name: String, value: String)] = []) throws(BigQueryFailure) {
        try query(sql, parameters, failure: { $0 }) { _ throws(BigQueryFailure) in }
    }
}
