import CoreIngest
import HTTPClient

/// BigQuery's REST API, for one project and dataset. Calls block, each within the request's limit.
/// Source: cloud.google.com/bigquery/docs/reference/rest.
final class BigQueryAPI: Sendable {
    let project: String
    let dataset: String
    let access: BigQueryAccess
    private let client: HTTPClient
    private let endpoint: String
    private let limits: HTTPLimits

    init(_ settings: BigQuerySinkSettings, _ access: BigQueryAccess) {
        project = settings.project
        dataset = settings.dataset
        endpoint = settings.endpoint
        self.access = access
        client = HTTPClient(settings.http)
        limits = settings.limits
    }

    func close() { client.close() }

    /// Any success's body; everything else is thrown. A token that is not taken is asked for anew, once.
    func call(
        _ method: HTTPMethod, _ path: String, query: [(String, String)] = [], _ body: [UInt8] = [],
        contentType: String = "application/json", compress: Bool = false, isUpload: Bool = false,
        headers: HTTPHeaders = [:]
    ) throws(BigQueryFailure) -> BigQueryAnswer {
        var url = endpoint + (isUpload ? "/upload" : "") + "/bigquery/v2/projects/\(FormText.escaped(project))\(path)"
        for (index, (name, value)) in query.enumerated() {
            url += "\(index == 0 ? "?" : "&")\(name)=\(FormText.escaped(value))"
        }
        var request = HTTPRequest(method, url, headers: headers)
        if !body.isEmpty { request.headers["Content-Type"] = contentType }
        request.limits = limits
        request.acceptsCompression = true
        if compress { request.compression = .gzip }
        var isFirst = true
        while true {
            try access.authorize(&request.headers)
            let response: HTTPResponse
            do throws(HTTPError) { response = try client.send(request, body: body) } catch {
                throw BigQueryFailure(error)
            }
            let answer = BigQueryAnswer(response.body)
            if response.isSuccess {
                if let answer { return answer }
                if response.body.isEmpty, let empty = BigQueryAnswer(Array("{}".utf8)) { return empty }
                throw BigQueryFailure(.unavailable, "what answers at \(endpoint) is not BigQuery's API")
            }
            let failure = BigQueryFailure(response, answer)
            guard failure.kind == .unauthenticated, isFirst else { throw failure }
            access.discardToken()
            isFirst = false
        }
    }

    var datasetPath: String { "/datasets/\(FormText.escaped(dataset))" }
    func tablePath(_ table: String) -> String { "\(datasetPath)/tables/\(FormText.escaped(table))" }

    /// A JSON string.
    static func json(_ text: String) -> String {
        var arena = ByteArena(capacity: text.utf8.count + 2)
        arena.appendJSONString(text: text)
        return String(decoding: arena.bytes, as: UTF8.self)
    }
}

/// What calls of both of BigQuery's APIs are allowed by.
struct BigQueryAccess: Sendable {
    let credentials: GoogleCredentials

    func authorize(_ headers: inout HTTPHeaders) throws(BigQueryFailure) {
        do throws(GoogleCredentialError) { try credentials.authorize(&headers) } catch { throw BigQueryFailure(error) }
    }

    func discardToken() { credentials.discard() }
}
