import CoreIngest
import NIOCore

extension CollectorConnection {
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
        flushSoon()
    }

    var isDiscarding: Bool { if case .discarding = phase { true } else { false } }

    func takeWindow() {
        let used = take(window.bytes)
        if isDiscarding { return }
        if used == window.count, window.count > 4096 {
            window = ByteArena(capacity: 64)
        } else {
            window.removePrefix(used)
        }
    }

    /// A client that does not take its answers, or sends faster than it is answered, is not read from.
    var isPaused: Bool {
        !isWritable || pending.count >= loop.mostPipelined
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { isReading = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        resume()
        context.fireChannelWritabilityChanged()
    }

    func resume() {
        guard !isPaused, let context, !isClosing else { return }
        if window.count > 0, !isDiscarding {
            takeWindow()
            flushSoon()
        }
        if isReading, !isPaused {
            isReading = false
            context.read()
        }
    }

    /// Takes requests out of bytes. Answers how many were used; the others are to come again, with more.
    func take(_ bytes: UnsafeRawBufferPointer) -> Int {
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
                    refuse(loop.shared.unavailable(.requests))
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
    func takeRequest(_ bytes: UnsafeRawBufferPointer, headBytes: Int) throws(RequestProblem) -> Int {
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

    func finish(_ partial: PartialRequest) {
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

    func startHead() {
        deadline = Timestamp.now() + SpoolSource.microseconds(loop.shared.settings.limits.headTimeout)
    }

    /// A request is whole: the next one may begin.
    func startRequest() {
        phase = .head(scanned: 0)
        deadline = Timestamp.now() + SpoolSource.microseconds(loop.shared.settings.limits.idleTimeout)
    }
}
