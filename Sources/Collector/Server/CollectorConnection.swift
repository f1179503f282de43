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

    enum Phase {
        /// Between requests, or in a head, of which so many bytes were looked at.
        case head(scanned: Int)
        /// In a body.
        case body(PartialRequest)
        /// What comes is thrown away.
        case discarding
    }

    let loop: CollectorLoop
    var context: ChannelHandlerContext?
    var phase = Phase.head(scanned: 0)
    /// A head that is not whole, or what came while the connection was paused.
    var window = ByteArena(capacity: 64)
    var pending = AnswerQueue()
    /// By when something must happen: microseconds since the Unix epoch.
    var deadline: Int64 = 0
    var lastBatch: UInt64 = 0
    var lastNumber = 0
    /// Whether the client takes its answers, as the channel said last.
    var isWritable = true
    var isReading = false
    /// Its answers go out at the end of the turn.
    var isAnswering = false
    var isInputClosed = false
    var closesAfterAnswers = false
    var isClosing = false
    let isEncrypted: Bool
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

    func gone() {
        guard context != nil else { return }
        context = nil
        isClosing = true
        discard()
        loop.remove(self)
    }

    /// Forgets what came and was not handled.
    func discard() {
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
}
