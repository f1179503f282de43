import CoreIngest
import HTTPClient

/// Runs SQL through the SQL API, version 2. Calls block until the statement has ended, within its time limit; one thread.
///
/// A statement whose answer was lost is asked for again under its request id, so that it runs once. One that takes long is polled, and
/// cancelled when its time is up. Source: Snowflake, "Developer guide: Snowflake SQL REST API".
final class SnowflakeStatements {
    private let account: SnowflakeAccount
    private let settings: StatementSettings
    private let usage: SnowflakeUsage

    /// Attempts under one request id before the caller is told, and the longest rest between two.
    private static let attempts = 4
    private static let longestRest = Duration.seconds(5)
    /// Snowflake answers 202 after 45 seconds at the latest.
    private static let answerLimit = Duration.seconds(60)
    private static let longestPoll = Duration.seconds(2)
    private static let mostResponseBytes = 256 << 20

    init(_ account: SnowflakeAccount, _ settings: StatementSettings, usage: SnowflakeUsage) {
        self.account = account
        self.settings = settings
        self.usage = usage
    }

    /// Where the statements run, for messages.
    var database: String { settings.database }

    /// Runs one statement, or several as one request when `count` says how many. `bindings`: texts for its question marks.
    /// `usesWarehouse`: whether it may be counted as the warehouse's time.
    @discardableResult
    func run(
        _ sql: String, bindings: [String?] = [], count: Int = 1, usesWarehouse: Bool = false
    ) throws(SnowflakeFailure) -> StatementResult {
        let body = self.body(sql, bindings, count)
        let id = randomRequestID()
        let began = ContinuousClock.now
        defer { usage.ran(statements: count, usesWarehouse ? ContinuousClock.now - began : nil) }
        var attempt = 1
        while true {
            do throws(SnowflakeFailure) {
                let path = "/api/v2/statements?requestId=\(id)" + (attempt > 1 ? "&retry=true" : "")
                return try finish(try send(.post, path, body), until: began + settings.timeout + .seconds(30))
            } catch {
                let rest = error.retryAfter ?? .milliseconds(100 << attempt)
                guard error.kind == .unavailable || error.kind == .throttled, error.code != "000630",
                    attempt < Self.attempts, rest <= Self.longestRest,
                    ContinuousClock.now + rest < began + settings.timeout + .seconds(30)
                else { throw error }
                attempt += 1
                SnowflakeAccount.pause(rest)
            }
        }
    }

    /// Another partition of a statement's rows.
    func partition(_ number: Int, of result: StatementResult) throws(SnowflakeFailure) -> StatementResult {
        let path = "/api/v2/statements/\(FormText.escaped(result.handle))?partition=\(number)"
        var failure: SnowflakeFailure?
        for attempt in 1...Self.attempts {
            do throws(SnowflakeFailure) {
                let response = try send(.get, path)
                guard response.status == 200 else { throw SnowflakeFailure(response, to: "a request for rows") }
                return try Self.result(response)
            } catch {
                guard error.kind == .unavailable || error.kind == .throttled else { throw error }
                failure = error
                SnowflakeAccount.pause(min(error.retryAfter ?? .milliseconds(100 << attempt), Self.longestRest))
            }
        }
        throw failure ?? SnowflakeFailure(.unavailable, "Snowflake does not answer a request for rows")
    }

    private func send(_ method: HTTPMethod, _ path: String, _ body: [UInt8] = []) throws(SnowflakeFailure)
        -> HTTPResponse
    {
        var request = HTTPRequest(method, account.url + path)
        request.headers["Content-Type"] = "application/json"
        request.limits.total = Self.answerLimit
        request.limits.stall = .zero
        request.limits.responseBytes = Self.mostResponseBytes
        return try account.send(request, body: body)
    }

    /// From the first answer to the last.
    private func finish(
        _ first: HTTPResponse, until deadline: ContinuousClock.Instant
    ) throws(SnowflakeFailure) -> StatementResult {
        var response = first
        var rest = Duration.milliseconds(50)
        var handle = ""
        while response.status == 202 {
            if handle.isEmpty { handle = StatementResult(response.body)?.handle ?? "" }
            guard !handle.isEmpty else {
                throw SnowflakeFailure(.other, "Snowflake runs a statement and does not name it")
            }
            if ContinuousClock.now >= deadline {
                _ = try? send(.post, "/api/v2/statements/\(FormText.escaped(handle))/cancel")
                throw SnowflakeFailure(
                    .unavailable,
                    "a statement took longer than \(settings.timeout.components.seconds) s and was cancelled: raise statementTimeout, or take a larger warehouse",
                    code: "000630")
            }
            SnowflakeAccount.pause(rest)
            rest = min(rest * 2, Self.longestPoll)
            response = try send(.get, "/api/v2/statements/\(FormText.escaped(handle))")
        }
        guard response.status == 200 else { throw SnowflakeFailure(response, to: "a statement") }
        return try Self.result(response)
    }

    private static func result(_ response: HTTPResponse) throws(SnowflakeFailure) -> StatementResult {
        guard let result = StatementResult(response.body) else {
            throw SnowflakeFailure(.unavailable, "the answer of Snowflake's SQL API is not JSON")
        }
        return result
    }

    private func body(_ sql: String, _ bindings: [String?], _ count: Int) -> [UInt8] {
        var body = ByteArena(capacity: sql.utf8.count + 1024)
        body.append("{\"statement\":")
        body.appendJSONString(text: sql)
        body.append(",\"timeout\":")
        body.append(decimal: max(1, settings.timeout.components.seconds))
        for (name, value) in [
            ("database", settings.database), ("schema", settings.schema), ("warehouse", settings.warehouse),
            ("role", settings.role),
        ] {
            guard let value else { continue }
            body.append(text: ",\"\(name)\":")
            body.appendJSONString(text: value)
        }
        // What results of statements depend on is pinned; what a user's default would change is not left to it.
        body.append(
            ",\"parameters\":{\"TIMEZONE\":\"UTC\",\"BINARY_OUTPUT_FORMAT\":\"HEX\",\"QUERY_TAG\":\"buz-cdc\",\"MULTI_STATEMENT_COUNT\":\""
        )
        body.append(decimal: Int64(count))
        body.append("\"}")
        if !bindings.isEmpty {
            body.append(",\"bindings\":{")
            for (index, value) in bindings.enumerated() {
                if index > 0 { body.append(UInt8(ascii: ",")) }
                body.append(text: "\"\(index + 1)\":{\"type\":\"TEXT\",\"value\":")
                if let value { body.appendJSONString(text: value) } else { body.append("null") }
                body.append("}")
            }
            body.append("}")
        }
        body.append("}")
        return Array(body.bytes)
    }
}
