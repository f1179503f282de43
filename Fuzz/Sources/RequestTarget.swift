import CoreIngest

@testable import Collector

/// Bytes of a connection: heads and bodies of requests, one after the other. The first byte says in which pieces the others come.
///
/// However they come, the same requests are read, and the same thing is wrong; what is accepted, no proxy reads in another way.
enum RequestTarget {
    private static let mostBytes = 5000

    static func run(_ input: UnsafeRawBufferPointer) {
        guard let first = input.first else { return }
        let bytes = UnsafeRawBufferPointer(rebasing: input[1...])
        let whole = requests(bytes, piece: bytes.count)
        let pieces = requests(bytes, piece: 1 + Int(first) % 64)
        promise(whole == pieces, "in pieces something else is read:\n\(whole)\n\(pieces)")
    }

    /// The requests, and how it ends, as lines.
    private static func requests(_ input: UnsafeRawBufferPointer, piece: Int) -> [String] {
        var parser = RequestHeadParser(limits: .init(headBytes: 2000, fields: 20))
        var lines: [String] = []
        var window: [UInt8] = []
        var partial: PartialRequest?
        var scanned = 0
        var at = 0
        while at < input.count {
            let count = min(max(piece, 1), input.count - at)
            window += input[at..<at + count]
            at += count
            do throws(RequestProblem) {
                try take(&parser, &window, &partial, &scanned, &lines)
            } catch {
                promise((400..<500).contains(error.status), "an odd error: \(error)")
                lines.append("\(error.status) \(error.message)")
                return lines
            }
        }
        lines.append(partial == nil ? (window.isEmpty ? "between" : "in a head") : "in a body")
        return lines
    }

    private static func take(
        _ parser: inout RequestHeadParser, _ window: inout [UInt8], _ partial: inout PartialRequest?,
        _ scanned: inout Int, _ lines: inout [String]
    ) throws(RequestProblem) {
        while !window.isEmpty {
            if let body = partial {
                let used = try taken(body, window)
                promise(used <= window.count && (used == window.count || body.isWhole), "a body leaves bytes")
                window.removeFirst(used)
                promise(body.byteCount <= 2000 + mostBytes, "a body is held beyond its limit")
                guard body.isWhole else { return }
                body.withParts { head, body in lines.append("\(head.count) \(Array(body))") }
                partial = nil
                scanned = 0
                continue
            }
            if scanned == 0, window[0] == 0x0D || window[0] == 0x0A {
                window.removeFirst()
                continue
            }
            guard let head = try head(&parser, window, &scanned, &lines) else { return }
            window.removeFirst(head.byteCount)
            partial = head.request
        }
        if let body = partial, body.isWhole {
            body.withParts { head, body in lines.append("\(head.count) \(Array(body))") }
            partial = nil
            scanned = 0
        }
    }

    private static func taken(_ body: PartialRequest, _ bytes: [UInt8]) throws(RequestProblem) -> Int {
        try exactly(bytes) { bytes throws(RequestProblem) in try body.take(bytes) }
    }

    private static func head(
        _ parser: inout RequestHeadParser, _ window: [UInt8], _ scanned: inout Int, _ lines: inout [String]
    ) throws(RequestProblem) -> (byteCount: Int, request: PartialRequest)? {
        try exactly(window) { bytes throws(RequestProblem) in
            guard let end = try parser.end(of: bytes, scanned: &scanned) else { return nil }
            let slice = UnsafeRawBufferPointer(rebasing: bytes[..<end])
            let head = try parser.read(slice)
            let fields = parser.fields(in: slice)
            check(head, slice, fields)
            lines.append("\(head) \((0..<fields.count).map { Array(fields[$0].name) + [0] + Array(fields[$0].value) })")
            if case .length(let length) = head.body, length > mostBytes {
                throw RequestProblem(status: 413, message: "large")
            }
            return (end, PartialRequest(head: slice, body: head.body, mostBytes: mostBytes))
        }
    }

    private static func check(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ fields: HeaderFields) {
        promise(head.byteCount == bytes.count && bytes.suffix(4).elementsEqual([13, 10, 13, 10]), "a head without end")
        for range in [head.path, head.query] {
            promise(Int(range.offset) + Int(range.count) <= bytes.count, "a range beyond the head")
        }
        var lengths = 0
        var codings = 0
        for index in 0..<fields.count {
            let (name, value) = fields[index]
            promise(
                !name.isEmpty && !name.contains { $0 <= 0x20 || $0 == UInt8(ascii: ":") || $0 >= 0x7F }, "an odd name")
            promise(!value.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }, "a control character in a value")
            if name.isText("content-length") { lengths += 1 }
            if name.isText("transfer-encoding") { codings += 1 }
        }
        promise(lengths + codings <= 1, "a body with two lengths")
        promise(head.body == .chunked ? codings == 1 : codings == 0, "a coding that is not followed")
        promise(lengths == 1 || head.body == .chunked || head.body == .length(0), "a body without a length")
    }

    /// Calls `body` with a copy of its own, so that the address sanitizer sees what is read beyond it.
    private static func exactly<Result>(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(RequestProblem) -> Result
    ) throws(RequestProblem) -> Result {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        return try body(UnsafeRawBufferPointer(copy))
    }
}
