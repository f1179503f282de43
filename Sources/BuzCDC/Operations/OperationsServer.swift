import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Serves health, metrics, statistics and the console over HTTP/1.1 until the process ends.
struct OperationsServer: Service {
    /// What a client may cost.
    struct Limits: Sendable {
        /// More connections at once are closed on arrival.
        var connections = 64
        /// Bytes of all header fields of one request.
        var headBytes = 16 * 1024
        /// From the connection to the end of the answer.
        var deadline: Duration = .seconds(30)
    }

    private let channel: any Channel
    private let logger: Logger
    /// The bound address, `host:port`.
    let address: String

    /// Binds the address; throws one line that says why it could not. `respond` is called on the event loop, so that health is
    /// answered whatever else the process waits for: it must not block, but for requests of which `mayBlock` says so.
    static func bind(
        host: String, port: Int, limits: Limits = Limits(), logger: Logger,
        mayBlock: @escaping @Sendable (OperationsRequest) -> Bool = { _ in false },
        respond: @escaping @Sendable (OperationsRequest) -> OperationsResponse
    ) async throws(CommandFailure) -> OperationsServer {
        let open = ConnectionCount()
        let decoderLimits = limits
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard open.enter(limit: decoderLimits.connections) else {
                    return channel.close()
                }
                channel.closeFuture.whenComplete { _ in open.leave() }
                return channel.eventLoop.makeCompletedFuture {
                    var decoding = NIOHTTPDecoderLimitConfiguration()
                    decoding.maxHeaderFieldSize = decoderLimits.headBytes
                    decoding.maxHeaderListSize = decoderLimits.headBytes
                    let decoder = HTTPRequestDecoder(
                        leftOverBytesStrategy: .dropBytes, limitConfiguration: decoding)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(decoder))
                    let deadline = TimeAmount(decoderLimits.deadline)
                    try pipeline.addHandler(
                        OperationsConnection(deadline: deadline, mayBlock: mayBlock, respond: respond))
                }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            let bound = channel.localAddress?.port ?? port
            let shown = host.contains(":") ? "[\(host)]:\(bound)" : "\(host):\(bound)"
            return OperationsServer(channel: channel, logger: logger, address: shown)
        } catch {
            throw .failed(
                "the operations server cannot listen on \(host):\(port): \(error); another process may use the port: "
                    + "set operations.port")
        }
    }

    private init(channel: any Channel, logger: Logger, address: String) {
        self.channel = channel
        self.logger = logger
        self.address = address
    }

    func run() async throws {
        // Cancellation closes the socket as graceful shutdown does: nobody needs health pages of a process that ends.
        await withTaskCancellationOrGracefulShutdownHandler {
            try? await channel.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            channel.close(promise: nil)
        }
        logger.debug("operations server closed")
    }
}

/// How many connections are open.
private final class ConnectionCount: Sendable {
    private let count = Atomic<Int>(0)

    func enter(limit: Int) -> Bool {
        if count.add(1, ordering: .relaxed).newValue <= limit { return true }
        leave()
        return false
    }

    func leave() { count.subtract(1, ordering: .relaxed) }
}
