import CoreIngest

/// Writes answers as HTTP/1.1. One per event loop: it remembers the date for a second and the head of the last kind of answer.
struct AnswerWriter: ~Copyable {
    private var prefix = ByteArena(capacity: 256)
    private var prefixStatus = 0
    private var prefixType = ""
    private var date = ByteArena(capacity: 64)
    private var dateSecond: Int64 = -1

    /// Appends one answer. `now`: seconds since the Unix epoch. `isHead`: the body is left out, its length is not.
    mutating func write(
        _ answer: CollectedAnswer, closes: Bool, isLatest: Bool, isHead: Bool, now: Int64, to out: inout ByteArena
    ) {
        preparePrefix(answer)
        prepareDate(now)
        out.append(prefix.bytes)
        out.append(decimal: UInt64(answer.body.count))
        out.append("\r\ndate: ")
        out.append(date.bytes)
        for header in answer.headers where Self.isSafe(header) {
            out.append("\r\n")
            out.append(text: header.name)
            out.append(": ")
            out.append(text: header.value)
        }
        if closes {
            out.append("\r\nconnection: close")
        } else if !isLatest {
            out.append("\r\nconnection: keep-alive")
        }
        out.append("\r\n\r\n")
        if !isHead { out.append(answer.body) }
    }

    private mutating func preparePrefix(_ answer: CollectedAnswer) {
        if answer.status == prefixStatus, answer.contentType == prefixType { return }
        prefix.truncate(to: 0)
        prefix.append("HTTP/1.1 ")
        prefix.append(decimal: UInt64(answer.status))
        prefix.append(" ")
        prefix.append(Self.reason(answer.status))
        if !answer.contentType.isEmpty {
            prefix.append("\r\ncontent-type: ")
            prefix.append(text: answer.contentType)
        }
        prefix.append("\r\ncontent-length: ")
        prefixStatus = answer.status
        prefixType = answer.contentType
    }

    /// `Sat, 21 Nov 2026 05:35:00 GMT` (RFC 9110, section 5.6.7).
    private mutating func prepareDate(_ second: Int64) {
        if second == dateSecond { return }
        dateSecond = second
        HTTPDate.write(second, to: &date)
    }

    /// Without control characters, and a name that is a token.
    private static func isSafe(_ header: CollectedAnswer.Header) -> Bool {
        !header.name.isEmpty && header.name.utf8.allSatisfy(RequestHeadParser.isToken)
            && header.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}
