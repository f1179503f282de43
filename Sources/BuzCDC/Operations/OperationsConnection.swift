import NIOCore
import NIOHTTP1
import NIOPosix

/// One HTTP connection of the operations server: one request, one answer, closed.
///
/// Closing after each answer keeps every limit simple: at most one head in memory, and a deadline for the whole connection.
final class OperationsConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let respond: @Sendable (OperationsRequest) -> OperationsResponse
    private let mayBlock: @Sendable (OperationsRequest) -> Bool
    private let deadline: TimeAmount
    private var timer: Scheduled<Void>?
    private var head: HTTPRequestHead?
    private var isAnswering = false

    init(
        deadline: TimeAmount, mayBlock: @escaping @Sendable (OperationsRequest) -> Bool,
        respond: @escaping @Sendable (OperationsRequest) -> OperationsResponse
    ) {
        self.deadline = deadline
        self.mayBlock = mayBlock
        self.respond = respond
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if self.head == nil { self.head = head }
        case .body:
            // No route takes a body: what a client sends is thrown away until the deadline.
            break
        case .end:
            guard let head, !isAnswering else { return }
            isAnswering = true
            answer(head, on: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isAnswering, error is HTTPParserError else {
            context.close(promise: nil)
            return
        }
        isAnswering = true
        Self.write(.refusal(400, "malformed HTTP request"), headOnly: false, on: context.channel)
    }

    private func answer(_ head: HTTPRequestHead, on context: ChannelHandlerContext) {
        let channel = context.channel
        let method = Self.method(head.method)
        let authorization = head.headers.first(name: "authorization")
        guard let request = OperationsRequest(method: method, target: head.uri, authorization: authorization) else {
            Self.write(.refusal(400, "malformed request target"), headOnly: false, on: channel)
            return
        }
        guard mayBlock(request) else {
            Self.write(respond(request), headOnly: method == .head, on: channel)
            return
        }
        let respond = respond
        NIOThreadPool.singleton.runIfActive(eventLoop: context.eventLoop) { respond(request) }.whenComplete { answer in
            switch answer {
            case .success(let response): Self.write(response, headOnly: method == .head, on: channel)
            case .failure: channel.close(promise: nil)
            }
        }
    }

    private static func write(_ response: OperationsResponse, headOnly: Bool, on channel: any Channel) {
        var headers = HTTPHeaders()
        headers.add(name: "content-type", value: response.contentType)
        headers.add(name: "content-length", value: "\(response.body.count)")
        for header in OperationsResponse.safetyHeaders { headers.add(name: header.name, value: header.value) }
        headers.add(name: "connection", value: "close")
        if response.status == 401 { headers.add(name: "www-authenticate", value: "Bearer") }
        let status = HTTPResponseStatus(statusCode: response.status)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        if !headOnly {
            let body = channel.allocator.buffer(bytes: response.body)
            channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
        }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
    }

    private static func method(_ method: HTTPMethod) -> OperationsRequest.Method {
        if method == .GET { return .get }
        if method == .HEAD { return .head }
        if method == .POST { return .post }
        return .other
    }
}
