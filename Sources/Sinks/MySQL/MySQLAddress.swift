import CoreIngest

/// Where a server is and who signs in: `mysql://user:password@host:3306/database`, each part percent-encoded where it must be, and
/// perhaps `?socket=/path` for a Unix socket. `mariadb://` is the same.
struct MySQLAddress: Equatable {
    var host: String
    var port: UInt32
    var user: String
    var password: String
    var database: String
    var socket: String?

    /// Throws `misconfigured`, with nothing of the URL in it but the names of its parts.
    init(_ url: String) throws(MySQLFailure) {
        func mistake(_ what: String) -> MySQLFailure {
            MySQLFailure(.misconfigured, "url \(what): write mysql://USER:PASSWORD@HOST:PORT/DATABASE")
        }
        var rest = Substring(url)
        if rest.hasPrefix("mysql://") {
            rest = rest.dropFirst(8)
        } else if rest.hasPrefix("mariadb://") {
            rest = rest.dropFirst(10)
        } else {
            throw mistake("does not begin with mysql://")
        }
        socket = nil
        if let question = rest.firstIndex(of: "?") {
            for parameter in rest[rest.index(after: question)...].split(separator: "&") {
                let parts = parameter.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0] == "socket" else {
                    throw mistake("has a parameter other than socket")
                }
                socket = Self.decoded(parts[1])
            }
            rest = rest[..<question]
        }
        // A password may have an @ that was not encoded.
        if let at = rest.lastIndex(of: "@") {
            let identity = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = Self.decoded(identity[0])
            password = identity.count > 1 ? Self.decoded(identity[1]) : ""
            rest = rest[rest.index(after: at)...]
        } else {
            user = ""
            password = ""
        }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else { throw mistake("names no database") }
        database = Self.decoded(parts[1])
        var place = parts[0]
        port = 3306
        if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
            host = String(place[place.index(after: place.startIndex)..<end])
            place = place[place.index(after: end)...]
            guard place.isEmpty || place.hasPrefix(":") else { throw mistake("has no port behind its host") }
            place = place.dropFirst()
        } else {
            let pieces = place.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = Self.decoded(pieces[0])
            place = pieces.count > 1 ? pieces[1] : ""
        }
        if !place.isEmpty {
            guard let number = UInt16(place), number > 0 else { throw mistake("has a port that is not a number") }
            port = UInt32(number)
        }
        guard !host.isEmpty || socket != nil else { throw mistake("names no host") }
        guard !user.isEmpty else { throw mistake("names no user") }
        for part in [host, user, password, database, socket ?? ""] where part.utf8.contains(0) {
            throw mistake("contains a zero byte")
        }
    }

    /// With `%41` read as `A`; other bytes stay.
    private static func decoded(_ text: Substring) -> String {
        var out: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%"), bytes.count >= 2,
                let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16)
            {
                out.append(value)
                bytes = bytes.dropFirst(2)
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
