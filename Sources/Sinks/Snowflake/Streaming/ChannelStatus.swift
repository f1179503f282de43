import CoreIngest
import HTTPClient

/// What Snowflake says of a channel.
struct ChannelStatus: Equatable {
    /// `SUCCESS` or `ACTIVE`; anything else: it has to be opened again.
    var code: String
    /// Of the last rows that are in the table.
    var committed: String?
    /// Rows that were skipped in the channel's life.
    var errors: UInt64
    /// About the last of them; may quote the row.
    var lastErrorKind: String

    var isGood: Bool { code == "SUCCESS" || code == "ACTIVE" }

    init?(_ view: JSONView, _ value: Int) {
        guard let code = view.member(value, named: "channel_status_code").flatMap({ view.string($0) }) else {
            return nil
        }
        self.code = OneLine.of(code, most: 80)
        committed = view.member(value, named: "last_committed_offset_token").flatMap { view.string($0) }
        let count = view.member(value, named: "rows_error_count") ?? view.member(value, named: "rows_errors")
        errors = UInt64(max(0, count.flatMap { view.integer($0) } ?? 0))
        let words = view.member(value, named: "last_error_message").flatMap { view.string($0) } ?? ""
        lastErrorKind = Self.kind(of: words)
    }

    /// The words before the first quoted value.
    private static func kind(of words: String) -> String {
        let safe = words.prefix { $0 != "'" && $0 != "\"" && $0 != "{" }
        let cut = safe.firstIndex(of: ":").map { safe[..<$0] } ?? safe[...]
        return OneLine.of(String(cut), most: 80)
    }
}
