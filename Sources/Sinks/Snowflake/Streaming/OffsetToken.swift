import CoreIngest

/// What a channel is told with rows, and tells back once they are committed: how far they reach in their source.
///
/// Snowflake skips rows that do not fit the table and counts them; the offset goes on all the same. So the token also says how many
/// of the channel's errors are accounted for, and up to where all rows are known to be in the table: a sink that finds more errors
/// looks for the missing rows behind that place, also after a crash.
struct OffsetToken: Equatable {
    /// Of the last event.
    var position: Position
    /// Errors of the channel's life that are accounted for.
    var errors: UInt64
    /// Everything up to here is in the table, or is a dead letter.
    var verified: Position
    /// Behind ``verified`` are events that are not in the table, and perhaps no dead letters yet.
    var hasHoles = false

    /// Twenty digits each for commit and ordinal, so that texts are in the order of positions.
    var text: String {
        var text = ByteArena(capacity: 128)
        text.append(padded: position)
        text.append(UInt8(ascii: ":"))
        text.append(decimal: errors)
        text.append(UInt8(ascii: ":"))
        text.append(padded: verified)
        if hasHoles { text.append(":holes") }
        return String(decoding: text.bytes, as: UTF8.self)
    }

    init(position: Position, errors: UInt64, verified: Position, hasHoles: Bool = false) {
        self.position = position
        self.errors = errors
        self.verified = verified
        self.hasHoles = hasHoles
    }

    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 || parts.count == 4 && parts[3] == "holes", let position = Position(padded: parts[0]),
            let errors = UInt64(parts[1]),
            let verified = Position(padded: parts[2])
        else { return nil }
        self.init(position: position, errors: errors, verified: verified, hasHoles: parts.count == 4)
    }
}

extension ByteArena {
    /// Appends commit and ordinal, with an underscore between, of twenty digits each.
    mutating func append(padded position: Position) {
        append(padded: position.commit)
        append(UInt8(ascii: "_"))
        append(padded: position.ordinal)
    }

    private mutating func append(padded number: UInt64) {
        var most: UInt64 = 10
        for _ in 0..<19 {
            if number < most { append(UInt8(ascii: "0")) }
            most = most.multipliedReportingOverflow(by: 10).overflow ? .max : most * 10
        }
        append(decimal: number)
    }
}

extension Position {
    /// From what ``ByteArena/append(padded:)`` writes.
    init?(padded text: Substring) {
        let halves = text.split(separator: "_", omittingEmptySubsequences: false)
        guard halves.count == 2, let commit = UInt64(halves[0]), let ordinal = UInt64(halves[1]) else { return nil }
        self.init(commit: commit, ordinal: ordinal)
    }

    /// Twenty digits each, in the order of positions.
    var paddedText: String {
        var text = ByteArena(capacity: 48)
        text.append(padded: self)
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
