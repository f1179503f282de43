import CoreIngest
import Logging
import NIOCore
import NIOPosix

/// One event loop's part of the collector: what its connections share, and the batch that their events gather in. Touched on
/// its event loop only.
final class CollectorLoop {
    let shared: CollectorShared
    let eventLoop: any EventLoop
    var parser: RequestHeadParser
    var answers = AnswerWriter()
    /// Answers of one connection, before they go to the channel; empty in between.
    var out = ByteArena(capacity: 4096)
    /// What is handed to channels: its storage is used again once the channel has written it.
    private var sent: ByteBuffer
    /// Bytes of requests that are not whole yet.
    var buffered = 0
    let mostBuffered: Int
    let mostPipelined: Int
    var events: CollectedEvents
    let inflater: BodyInflater
    var path = ByteArena(capacity: 256)
    private var ids = UUIDSource()
    private(set) var connections: [ObjectIdentifier: CollectorConnection] = [:]
    /// The number of the batch that gathers events now.
    var batch: UInt64 = 1
    var waiting: [CollectorConnection] = []
    /// Connections that wait for a batch.
    var inFlight: [UInt64: [CollectorConnection]] = [:]
    /// Batches on the disk that wait to be delivered: by offset.
    var undelivered = FIFO<(end: UInt64, batch: UInt64)>()
    /// Connections with answers that go out at the end of the turn, and an empty array to take turns with.
    var answering: [CollectorConnection] = []
    var answered: [CollectorConnection] = []
    var isTurnEndScheduled = false
    static let mostBatchBytes = 1 << 20

    init(_ shared: CollectorShared, on eventLoop: any EventLoop) {
        self.shared = shared
        self.eventLoop = eventLoop
        let limits = shared.settings.limits
        parser = RequestHeadParser(
            limits: RequestHeadParser.Limits(headBytes: limits.headBytes, fields: limits.headerFields))
        events = CollectedEvents(limits: limits.events)
        events.judge = shared.schemas.map { PayloadJudge($0) }
        inflater = BodyInflater(
            limits: BodyInflater.Limits(bytes: limits.inflatedBytes, ratio: limits.inflateRatio))
        sent = ByteBufferAllocator().buffer(capacity: 4096)
        mostPipelined = limits.pipelined
        mostBuffered = max(1 << 20, limits.bufferBytes / max(1, shared.settings.threads))
    }

    /// Takes ``out`` to send it.
    func takeOut() -> ByteBuffer {
        if sent.capacity > 1 << 20 { sent = ByteBufferAllocator().buffer(capacity: 4096) }
        sent.clear(minimumCapacity: out.count)
        sent.writeBytes(out.bytes)
        out.truncate(to: 0)
        return sent
    }

    func add(_ connection: CollectorConnection) { connections[ObjectIdentifier(connection)] = connection }
    func remove(_ connection: CollectorConnection) { connections[ObjectIdentifier(connection)] = nil }

    // MARK: Requests

    /// What becomes of a request.
    enum Reply {
        case now(CollectedAnswer)
        /// The answer, once a batch is as safe as asked for.
        case afterBatch(CollectedAnswer, UInt64)
        /// The answer comes from the pool, under the connection's next number.
        case later
    }

    /// A request's route, and the protocol for metrics.
    struct Routed {
        var match: Router.Match
        var isDryRun: Bool
        var `protocol`: CollectedProtocol?
    }

    /// Finds who answers; the decoded path stays in ``path`` until the next request.
    func route(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> Routed {
        path.truncate(to: 0)
        let sent = UnsafeRawBufferPointer(rebasing: bytes[head.path.indices])
        if sent.contains(UInt8(ascii: "%")) {
            PercentText.append(sent, plusIsSpace: false, to: &path)
            path.repairUTF8(from: 0)
        } else {
            path.append(sent)
        }
        if path.count == 0 { path.append("/") }
        var isDryRun = false
        if let prefix = shared.dryRunPath, path.count > prefix.count, path.bytes[prefix.count] == UInt8(ascii: "/"),
            path.bytes[..<prefix.count].elementsEqual(prefix)
        {
            path.removePrefix(prefix.count)
            isDryRun = true
        }
        var match = shared.router.match(head.method, path.bytes)
        if isDryRun, case .found(.page) = match { match = .nobody }
        var `protocol`: CollectedProtocol?
        if case .found(.handler(let index)) = match { `protocol` = shared.protocols[index] }
        return Routed(match: match, isDryRun: isDryRun, protocol: `protocol`)
    }

    /// Why a request is not taken, decided by its head alone; nil where it is.
    func refusal(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ routed: Routed, client: [UInt8]
    ) -> CollectedAnswer? {
        let headers = headers(in: bytes)
        if let preflight = shared.crossOrigin?.preflight(head.method, headers) { return preflight }
        switch routed.match {
        case .nobody: return permitted(.refusal(404, "nothing is at this path"), headers)
        case .wrongMethod(let allowed):
            let tokens = allowed.map(\.token).sorted().joined(separator: ", ")
            return permitted(
                .refusal(405, "this path takes \(tokens)", headers: [.init("Allow", tokens)]), headers)
        case .found(.page): return nil
        case .found(.handler): break
        }
        if let limiter = shared.rateLimiter {
            let wait = withClient(client, headers) { limiter.refuses($0, now: Timestamp.now()) }
            if let wait {
                return permitted(
                    .refusal(
                        429, "too many requests; send them again later",
                        headers: [.init("Retry-After", "\(wait)")]), headers)
            }
        }
        if let authentication = shared.authentication,
            !authentication.accepts(headers, query: UnsafeRawBufferPointer(rebasing: bytes[head.query.indices]))
        {
            return permitted(authentication.refusal, headers)
        }
        if case .length(let length) = head.body, length > shared.settings.limits.bodyBytes {
            return permitted(.refusal(413, tooLarge), headers)
        }
        if !routed.isDryRun, let shortage = shared.spool.shortage(events.byteCount) {
            return permitted(shared.unavailable(shortage == .pending ? .pending : .spool), headers)
        }
        return nil
    }

    private var tooLarge: String { "the body has more than \(shared.settings.limits.bodyBytes) bytes" }

    private func permitted(_ answer: CollectedAnswer, _ headers: HeaderFields) -> CollectedAnswer {
        guard let crossOrigin = shared.crossOrigin else { return answer }
        var answer = answer
        // Where the middleware is on, it alone decides, also for protocols that have an answer of their own.
        answer.headers.removeAll { $0.name.lowercased().hasPrefix("access-control-") }
        let permission = crossOrigin.permission(headers)
        answer.headers += permission
        return answer
    }

    /// The fields of the head that was read last.
    private func headers(in bytes: UnsafeRawBufferPointer) -> HeaderFields {
        parser.fields(in: bytes)
    }

    /// Answers a whole request that was not refused.
    func handle(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ routed: Routed, body sent: UnsafeRawBufferPointer,
        for connection: CollectorConnection
    ) -> Reply {
        let headers = headers(in: bytes)
        switch routed.match {
        case .found(.page(let index)):
            return show(shared.pages[index], head, bytes, headers, for: connection)
        case .found(.handler(let index)):
            do throws(RequestProblem) {
                let body = try inflated(sent, headers)
                return withClient(connection.client, headers) { client in
                    call(index, head, bytes, headers, body, client, routed, for: connection)
                }
            } catch {
                return .now(permitted(.refusal(error.status, error.message), headers))
            }
        case .nobody, .wrongMethod: return .now(.refusal(404, "nothing is at this path"))
        }
    }

    private func call(
        _ index: Int, _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ headers: HeaderFields,
        _ body: UnsafeRawBufferPointer, _ client: UnsafeRawBufferPointer, _ routed: Routed,
        for connection: CollectorConnection
    ) -> Reply {
        let now = Timestamp.now()
        shared.metrics.bodyBytes.add(body.count)
        events.beginRequest(at: now)
        let mark = events.mark
        var fresh: String?
        if let cookie = shared.identity, !cookie.isAnonymous(headers), cookie.value(headers) == nil {
            fresh = ids.nextRandom().text
        }
        var answer = CollectedAnswer.ok
        func run(_ identity: UnsafeRawBufferPointer?) {
            let request = CollectedRequest(
                method: head.method == .head ? .get : head.method, path: path.bytes,
                query: UnsafeRawBufferPointer(rebasing: bytes[head.query.indices]), headers: headers, body: body,
                client: client, identity: identity, receivedAt: now)
            shared.requestContext.add(request, to: &events)
            answer = shared.handlers[index].handle(request, into: &events)
        }
        if var fresh {
            fresh.withUTF8 { run(UnsafeRawBufferPointer($0)) }
        } else {
            run(shared.identity.flatMap { $0.isAnonymous(headers) ? nil : $0.value(headers) })
        }
        if let fresh, let cookie = shared.identity { answer.headers.append(cookie.header(fresh)) }
        answer = permitted(answer, headers)
        let count = events.count(since: mark)
        if routed.isDryRun { return tryOut(mark, answer, for: connection) }
        guard count > 0 else { return .now(answer) }
        shared.metrics.count(shared.protocols[index], events: count)
        let number = batch
        let waits = shared.settings.acknowledge != .received
        if waits, connection.joins(number) { waiting.append(connection) }
        scheduleHandOver()
        return waits ? .afterBatch(answer, number) : .now(answer)
    }

    private func inflated(
        _ body: UnsafeRawBufferPointer, _ headers: HeaderFields
    ) throws(RequestProblem) -> UnsafeRawBufferPointer {
        guard let name = headers["content-encoding"], !name.isText("identity") else { return body }
        guard let encoding = BodyInflater.Encoding(name) else {
            throw RequestProblem(status: 415, message: "Content-Encoding is gzip, deflate or zstd")
        }
        try inflater.inflate(body, encoding)
        return inflater.output.bytes
    }

    /// The client's address: of the connection, or the last in `X-Forwarded-For` that no trusted proxy has.
    private func withClient<Result>(
        _ connection: [UInt8], _ headers: HeaderFields, _ work: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        if shared.trustedProxies.contains(connection), let forwarded = headers["x-forwarded-for"] {
            for part in forwarded.split(separator: UInt8(ascii: ",")).reversed() {
                let address = UnsafeRawBufferPointer(rebasing: part).trimmed
                if !address.isEmpty, !shared.trustedProxies.contains(Array(address)) { return work(address) }
            }
        }
        return connection.withUnsafeBytes { work($0) }
    }

    // MARK: Time

    /// Looks for connections that take too long. `now`: microseconds since the Unix epoch.
    func sweep(now: Int64) {
        for connection in Array(connections.values) { connection.sweep(now: now) }
    }

    /// Closes what is idle, and the others after their answers.
    func drain() {
        for connection in Array(connections.values) { connection.drain() }
    }
}

extension ByteRange {
    /// As indices of a buffer.
    var indices: Range<Int> { Int(offset)..<Int(offset) + Int(count) }
}
