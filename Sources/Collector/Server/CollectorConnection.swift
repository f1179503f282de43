import CoreIngest
import Logging
import NIOCore
import Synchronization

/// One connection: takes requests apart, has them handled, and sends the answers in order. Touched on its event loop only.
final class CollectorConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Between requests, or in a head, of which so many bytes were looked at.
        case head(scanned: Int)
        /// In a body.
        case body(PartialRequest)
        /// What comes is thrown away.
        case discarding
    }

    private let loop: CollectorLoop
    private var context: ChannelHandlerContext?
    private var phase = Phase.head(scanned: 0)
    /// A head that is not whole, or what came while the connection was paused.
    private var window = ByteArena(capacity: 64)
    private var pending = FIFO<PendingAnswer>()
    /// By when something must happen: microseconds since the Unix epoch.
    private var deadline: Int64 = 0
    private var lastBatch: UInt64 = 0
    private var lastNumber = 0
    private var isReading = false
    private var isInputClosed = false
    private var closesAfterAnswers = false
    private var isClosing = false
    private let isEncrypted: Bool
    /// The address of the other side, as text.
    private(set) var client: [UInt8] = []

    init(_ loop: CollectorLoop, isEncrypted: Bool) {
        self.loop = loop
        self.isEncrypted = isEncrypted
    }

    // MARK: Coming and going

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        client = Array((context.remoteAddress?.ipAddress ?? "").utf8)
        deadline = Timestamp.now() + SpoolSource.microseconds(loop.shared.settings.limits.headTimeout)
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { gone() }

    func channelInactive(context: ChannelHandlerContext) {
        gone()
        context.fireChannelInactive()
    }

    private func gone() {
        guard context != nil else { return }
        context = nil
        isClosing = true
        discard()
        loop.remove(self)
    }

    /// Forgets what came and was not handled.
    private func discard() {
        if case .body(let partial) = phase { loop.buffered -= partial.byteCount }
        phase = .discarding
        window = ByteArena(capacity: 64)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A connection that broke, or a handshake that failed: there is nobody to tell.
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            isInputClosed = true
            closesAfterAnswers = true
            flush()
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if case .discarding = phase { return }
        if window.count == 0 {
            buffer.withUnsafeReadableBytes { bytes in
                let used = take(bytes)
                if used < bytes.count, !isDiscarding {
                    window.append(UnsafeRawBufferPointer(rebasing: bytes[used...]))
                }
            }
        } else {
            buffer.withUnsafeReadableBytes { window.append($0) }
            takeWindow()
        }
        flush()
    }

    private var isDiscarding: Bool { if case .discarding = phase { true } else { false } }

    private func takeWindow() {
        let used = take(window.bytes)
        if isDiscarding { return }
        if used == window.count, window.count > 4096 {
            window = ByteArena(capacity: 64)
        } else {
            window.removePrefix(used)
        }
    }

    /// A client that does not take its answers, or sends faster than it is answered, is not read from.
    private var isPaused: Bool {
        pending.count >= loop.shared.settings.limits.pipelined || context?.channel.isWritable == false
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { isReading = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resume()
        context.fireChannelWritabilityChanged()
    }

    private func resume() {
        guard !isPaused, let context, !isClosing else { return }
        if window.count > 0, !isDiscarding {
            takeWindow()
            flush()
        }
        if isReading, !isPaused {
            isReading = false
            context.read()
        }
    }

    /// Takes requests out of bytes. Answers how many were used; the others are to come again, with more.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        var at = 0
        while at < bytes.count, !closesAfterAnswers, !isPaused {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
            switch phase {
            case .discarding: return bytes.count
            case .body(let partial):
                do throws(RequestProblem) {
                    let before = partial.byteCount
                    defer { loop.buffered += partial.byteCount - before }
                    at += try partial.take(rest)
                } catch {
                    refuse(error)
                    return bytes.count
                }
                if partial.isWhole {
                    loop.buffered -= partial.byteCount
                    startRequest()
                    finish(partial)
                } else if loop.buffered > loop.mostBuffered {
                    refuse(
                        RequestProblem(status: 503, message: "too many requests are on their way; send this one again"))
                    return bytes.count
                } else {
                    return bytes.count
                }
            case .head(var scanned):
                if scanned == 0, rest[0] == 0x0D || rest[0] == 0x0A {
                    // An empty line before a request (RFC 9112, section 2.2).
                    at += 1
                    continue
                }
                do throws(RequestProblem) {
                    guard let end = try loop.parser.end(of: rest, scanned: &scanned) else {
                        if case .head(0) = phase { startHead() }
                        phase = .head(scanned: scanned)
                        return at
                    }
                    at += try takeRequest(rest, headBytes: end)
                } catch {
                    refuse(error)
                    return bytes.count
                }
            }
        }
        return at
    }

    /// Reads a whole head, and the body where it is there too. Answers how many bytes were used.
    private func takeRequest(_ bytes: UnsafeRawBufferPointer, headBytes: Int) throws(RequestProblem) -> Int {
        let headSlice = UnsafeRawBufferPointer(rebasing: bytes[..<headBytes])
        let head = try loop.parser.read(headSlice)
        let routed = loop.route(head, headSlice)
        if let refusal = loop.refusal(head, headSlice, routed, client: client) {
            return refuse(refusal, head, routed, whole: bytes.count, headBytes)
        }
        if case .length(let length) = head.body, bytes.count - headBytes >= length {
            startRequest()
            let body = UnsafeRawBufferPointer(rebasing: bytes[headBytes..<headBytes + length])
            handle(head, headSlice, routed, body)
            return headBytes + length
        }
        if head.expectsContinue, bytes.count == headBytes, pending.isEmpty { sendContinue() }
        let limits = loop.shared.settings.limits
        phase = .body(PartialRequest(head: headSlice, body: head.body, mostBytes: limits.bodyBytes))
        deadline = Timestamp.now() + SpoolSource.microseconds(limits.bodyTimeout)
        return headBytes
    }

    private func finish(_ partial: PartialRequest) {
        let loop = loop
        partial.withParts { headBytes, body in
            do throws(RequestProblem) {
                // Read again, rather than kept: it was right the first time.
                let head = try loop.parser.read(headBytes)
                handle(head, headBytes, loop.route(head, headBytes), body)
            } catch {
                refuse(error)
            }
        }
    }

    private func startHead() {
        deadline = Timestamp.now() + SpoolSource.microseconds(loop.shared.settings.limits.headTimeout)
    }

    /// A request is whole: the next one may begin.
    private func startRequest() {
        phase = .head(scanned: 0)
        deadline = Timestamp.now() + SpoolSource.microseconds(loop.shared.settings.limits.idleTimeout)
    }

    // MARK: Answering

    private func handle(
        _ head: RequestHead, _ headBytes: UnsafeRawBufferPointer, _ routed: CollectorLoop.Routed,
        _ body: UnsafeRawBufferPointer
    ) {
        var entry = entry(head, routed)
        switch loop.handle(head, headBytes, routed, body: body, for: self) {
        case .now(let answer): entry.answer = answer
        case .afterBatch(let answer, let number):
            entry.answer = answer
            entry.state = .batch(number)
        case .later: entry.state = .number(lastNumber)
        }
        push(entry)
    }

    private func entry(_ head: RequestHead, _ routed: CollectorLoop.Routed) -> PendingAnswer {
        let closes = !head.keepsAlive || loop.shared.isDraining.load(ordering: .relaxed)
        if closes { closesAfterAnswers = true }
        return PendingAnswer(
            answer: .ok, state: .ready, since: Timestamp.now(), isHead: head.method == .head,
            isLatest: loop.parser.isLatest, closes: closes, protocol: routed.protocol)
    }

    /// Refuses a request by its head. One that is there as a whole is passed over, and the connection stays.
    private func refuse(
        _ answer: CollectedAnswer, _ head: RequestHead, _ routed: CollectorLoop.Routed, whole: Int, _ headBytes: Int
    ) -> Int {
        var entry = entry(head, routed)
        entry.answer = answer
        if case .length(let length) = head.body, whole - headBytes >= length {
            startRequest()
            push(entry)
            return headBytes + length
        }
        entry.closes = true
        entry.lingers = true
        closesAfterAnswers = true
        discard()
        push(entry)
        return whole
    }

    /// Refuses what is no request. Where the next one begins is not known, so the connection ends.
    private func refuse(_ problem: RequestProblem) {
        discard()
        closesAfterAnswers = true
        push(
            PendingAnswer(
                answer: .refusal(
                    problem.status, problem.message,
                    headers: problem.status == 503 ? [.init("Retry-After", "1")] : []), state: .ready,
                since: Timestamp.now(), isHead: false, isLatest: true, closes: true, lingers: true))
    }

    private func push(_ entry: PendingAnswer) {
        if pending.isEmpty, entry.state == .ready, !entry.closes {
            write(entry)
        } else {
            pending.append(entry)
        }
    }

    /// Whether this connection is not counted among those that wait for a batch yet.
    func joins(_ batch: UInt64) -> Bool {
        defer { lastBatch = batch }
        return lastBatch != batch
    }

    /// A number for an answer of the pool.
    func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// A batch is safe, or cannot be kept.
    func settled(_ batch: UInt64, isSafe: Bool) {
        for index in 0..<pending.count where pending[index]?.state == .batch(batch) {
            pending.update(index) { entry in
                entry.state = .ready
                if !isSafe { entry.answer = CollectorShared.unavailable }
            }
        }
        flush()
        resume()
    }

    /// The pool has made an answer.
    func complete(_ number: Int, _ answer: CollectedAnswer) {
        for index in 0..<pending.count where pending[index]?.state == .number(number) {
            pending.update(index) { entry in
                entry.answer = answer
                entry.state = .ready
            }
        }
        flush()
        resume()
    }

    /// Appends an answer to what goes out with the next ``flush()``.
    private func write(_ entry: PendingAnswer) {
        let now = Timestamp.now()
        loop.answers.write(
            entry.answer, closes: entry.closes, isLatest: entry.isLatest, isHead: entry.isHead,
            now: now / 1_000_000, to: &loop.out)
        loop.shared.metrics.count(entry.protocol, status: entry.answer.status)
        if loop.shared.settings.middleware.logsRequests { log(entry, now) }
    }

    /// Sends the answers that are ready, and closes where that is due.
    private func flush() {
        var last: PendingAnswer?
        while let first = pending.first, first.state == .ready {
            write(first)
            _ = pending.popFirst()
            last = first
            if first.closes { break }
        }
        guard let context, !isClosing else {
            loop.out.truncate(to: 0)
            return
        }
        let closes = last?.closes == true || closesAfterAnswers && pending.isEmpty
        if loop.out.count > 0 {
            let buffer = loop.takeOut()
            if closes {
                close(context, after: buffer, lingers: last?.lingers == true)
            } else {
                context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            }
        } else if closes, pending.isEmpty {
            isClosing = true
            context.close(promise: nil)
        }
    }

    private func sendContinue() {
        guard let context else { return }
        context.writeAndFlush(
            wrapOutboundOut(context.channel.allocator.buffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    /// Closes when the answer is out. A client that is still sending gets a moment to read it: closing at once would make the
    /// kernel throw the answer away.
    private func close(_ context: ChannelHandlerContext, after buffer: ByteBuffer, lingers: Bool) {
        isClosing = true
        discard()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let isHalf = lingers && !isEncrypted && !isInputClosed
        deadline = Timestamp.now() + 2_000_000
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
            if isHalf {
                bound.value.close(mode: .output, promise: nil)
            } else {
                bound.value.close(promise: nil)
            }
        }
    }

    // MARK: Time

    /// Ends what takes too long. `now`: microseconds since the Unix epoch.
    func sweep(now: Int64) {
        guard let context else { return }
        if isClosing {
            if now > deadline { context.close(promise: nil) }
            return
        }
        let limit = SpoolSource.microseconds(loop.shared.settings.limits.answerTimeout)
        if let first = pending.first, first.state != .ready {
            if now - first.since > limit {
                pending.update(0) { entry in
                    entry.answer = CollectorShared.tooSlow
                    entry.state = .ready
                }
                flush()
                resume()
            }
            return
        }
        guard now > deadline else { return }
        switch phase {
        case .head(0) where window.count == 0:
            isClosing = true
            context.close(promise: nil)
        case .head, .body:
            refuse(RequestProblem(status: 408, message: "the request did not come in time"))
            flush()
        case .discarding: context.close(promise: nil)
        }
    }

    /// No more requests are taken; what came is answered.
    func drain() {
        closesAfterAnswers = true
        if case .head(0) = phase { flush() }
    }

    private func log(_ entry: PendingAnswer, _ now: Int64) {
        loop.shared.logger.info(
            "request",
            metadata: [
                "protocol": "\(entry.protocol?.text ?? "other")", "status": "\(entry.answer.status)",
                "milliseconds": "\(Double(now - entry.since) / 1000)",
            ])
    }
}
