/// What comes in during a transfer, within its limits.
///
/// Only the thread that performs the transfer touches it: libcurl calls back on that thread.
final class Answer {
    private(set) var headers: HTTPHeaders = [:]
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    private var headerBytes = 0
    private let limits: HTTPLimits

    init(_ limits: HTTPLimits) { self.limits = limits }

    /// False to end the transfer.
    func take(body bytes: UnsafeRawBufferPointer) -> Bool {
        guard body.count + bytes.count <= limits.responseBytes else {
            isTooLarge = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    /// One line of the head, with its end. False to end the transfer.
    func take(header bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= limits.headerBytes else {
            isTooLarge = true
            return false
        }
        let line = bytes.prefix { $0 != 0x0D && $0 != 0x0A }
        // A status line begins a new head: after 100 Continue, for one.
        if line.starts(with: "HTTP/".utf8) { headers = [:] }
        guard let colon = line.firstIndex(of: 0x3A) else { return true }
        let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
        let end = value.lastIndex { $0 != 0x20 && $0 != 0x09 }
        headers.append(
            String(decoding: line[..<colon], as: UTF8.self),
            end.map { String(decoding: value[...$0], as: UTF8.self) } ?? "")
        return true
    }
}
