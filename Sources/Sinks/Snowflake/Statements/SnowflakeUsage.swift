package import CoreIngest

/// What the sink has used of the account, which costs money: statements, and the time in which a warehouse worked for them.
package final class SnowflakeUsage: Sendable {
    private let statements: Counter
    private let warehouse: Counter
    private let merges: Counter
    private let streamed: Counter
    private let requests: Counter

    /// Counts in a registry of metrics, or for itself.
    package init(sink: String, metrics: MetricsRegistry? = nil) {
        let labels: KeyValuePairs = ["sink": sink]
        func counter(_ name: String, _ help: String) -> Counter {
            metrics?.counter(name, help, labels: labels) ?? Counter()
        }
        statements = counter("buz_snowflake_statements_total", "SQL statements that were sent to Snowflake.")
        warehouse = counter(
            "buz_snowflake_warehouse_milliseconds_total",
            "Time from sending a statement that uses the warehouse to its end: the least that the warehouse ran.")
        merges = counter("buz_snowflake_merges_total", "Times that staged changes were merged into mirrors.")
        streamed = counter(
            "buz_snowflake_streamed_bytes_total", "Bytes of rows sent by Snowpipe Streaming, before compression.")
        requests = counter("buz_snowflake_append_requests_total", "Requests that appended rows by Snowpipe Streaming.")
    }

    /// For `status`, in the words of a bill.
    var figures: [UsageFigure] {
        [
            UsageFigure("warehouseMilliseconds", warehouse.value, .milliseconds, "of the warehouse at least"),
            UsageFigure("statements", statements.value, .count, "statements"),
            UsageFigure("merges", merges.value, .count, "merges"),
            UsageFigure("streamedBytes", streamed.value, .bytes, "streamed"),
            UsageFigure("appendRequests", requests.value, .count, "requests with rows"),
        ]
    }

    func ran(statements count: Int, _ time: Duration?) {
        statements.add(count)
        guard let time else { return }
        warehouse.add(Int(time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000))
    }

    func merged() { merges.add() }

    func appended(bytes: Int) {
        requests.add()
        streamed.add(bytes)
    }
}
