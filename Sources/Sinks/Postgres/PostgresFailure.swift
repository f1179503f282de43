import CoreIngest

/// What the server, or the way to it, answered instead of a result.
struct PostgresFailure: Error, Sendable {
    /// What to do about it.
    enum Kind: Sendable, Equatable {
        /// The session is gone, or must go.
        case connectionLost
        /// Passes by itself: deadlock, serialization, lock or statement timeout.
        case transient
        /// The session stays, the disk of the server is full.
        case storageFull
        /// Some row cannot be stored, ever.
        case data
        case permission
        /// A table or column is not what this session thought it was.
        case catalogChanged
        case misconfigured
        case other
    }

    var kind: Kind
    /// Five characters; empty when there was no answer.
    var sqlState: String
    /// One line without values of rows.
    var message: String
    /// The line of COPY that the server names, from 0.
    var copyLine: Int?

    init(_ kind: Kind, _ message: String, sqlState: String = "", copyLine: Int? = nil) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message
        self.copyLine = copyLine
    }

    /// From an error of the server. `message` is the primary message as sent.
    init(sqlState: String, message: String, column: String?, constraint: String?, copyLine: Int?) {
        kind = Self.kind(of: sqlState)
        self.sqlState = sqlState
        self.copyLine = copyLine
        var text = kind == .data ? Self.withoutValues(message) : Self.oneLine(message)
        if let column { text += ", column \(column)" }
        if let constraint { text += ", constraint \(constraint)" }
        self.message = "\(text) (SQLSTATE \(sqlState))"
    }

    /// Every SQLSTATE that matters, by class. Source: PostgreSQL documentation, appendix A.
    static func kind(of state: String) -> Kind {
        switch state {
        case "53100": return .storageFull
        case "53200", "53000", "53400": return .transient
        case "40001", "40P01", "40003", "55P03", "57014", "55006", "25P03", "25P04": return .transient
        case "25006", "57P01", "57P02", "57P03", "57P04", "57P05", "53300": return .connectionLost
        case "42501", "28000", "28P01": return .permission
        case "42P01", "42703", "42P10", "42704", "3F000", "42809": return .catalogChanged
        case "21000", "P0001", "54000", "54001", "54011": return .data
        default: break
        }
        switch state.prefix(2) {
        case "", "08": return .connectionLost
        case "22", "23": return .data
        case "40": return .transient
        case "28": return .permission
        case "42", "3D", "0A", "0L", "0P", "44", "2B": return .misconfigured
        case "58": return .transient
        default: return .other
        }
    }

    /// The failure of a whole write or of opening. `place` says where: `postgres sink replica`; `page` lists the grants.
    func sinkFailure(at place: String, page: String = "docs/sinks/postgres.md") -> SinkFailure {
        switch kind {
        case .connectionLost: return SinkFailure(.unavailable, "\(place): \(message)", reopen: true)
        case .transient: return SinkFailure(.unavailable, "\(place): \(message)")
        case .storageFull:
            return SinkFailure(.storageFull, "\(place): \(message): free space on the destination's disk")
        case .permission:
            return SinkFailure(
                .unauthorized, "\(place): \(message): see the user, its password and the grants in \(page)")
        case .catalogChanged, .misconfigured: return SinkFailure(.misconfigured, "\(place): \(message)")
        case .data: return SinkFailure(rejectionCode, "\(place): \(message)")
        case .other: return SinkFailure(.other, "\(place): \(message)")
        }
    }

    /// The failure of one event.
    func rejection(at place: String) -> SinkFailure { SinkFailure(rejectionCode, "\(place): \(message)") }

    private var rejectionCode: SinkFailure.Code {
        switch sqlState {
        case "54000", "54001", "54011": return .tooLarge
        case "22021", "22P05", "22P02", "22P03", "22P04": return .malformed
        default: return .schemaMismatch
        }
    }

    /// Messages of class 22 quote the offending value, behind a colon or anywhere: what is quoted goes.
    static func withoutValues(_ message: String) -> String {
        var out = ""
        var quoted = false
        for character in oneLine(message) {
            if character == "\"" {
                quoted.toggle()
                out += quoted ? "\"…" : "\""
            } else if !quoted {
                out.append(character)
            }
        }
        return quoted ? out + "\"" : out
    }

    static func oneLine(_ message: String) -> String {
        message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
