import NIOCore

/// Looks at the first byte of a connection to a port that speaks TLS: whoever speaks plain HTTP there is told so, in plain HTTP.
final class TLSGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The type of a record with which a handshake begins (RFC 8446, section 5.1).
    private static let handshake: UInt8 = 22
    private static let answer =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 50\r\nConnection: close\r\n\r\n"
        + "{\"message\":\"this port speaks TLS: use https://\"}\r\n"
    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isRefused { return }
        let first = unwrapInboundIn(data).readableBytesView.first
        if first == Self.handshake {
            context.fireChannelRead(data)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            return
        }
        isRefused = true
        // From here it goes to the socket and not through TLS.
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: Self.answer)))
            .whenComplete { _ in bound.value.close(promise: nil) }
    }
}
