package import CoreIngest
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Why the collector cannot listen, in one line.
package struct CollectorError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

/// Takes events over HTTP/1.1, and leaves them in the spool.
///
/// ``bind(_:handlers:pages:spool:schemas:metrics:logger:dryRun:)`` listens at once; ``drain(within:)`` lets the requests that
/// came be answered; ``close()`` ends its threads.
package final class CollectorServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let loops: [NIOLoopBound<CollectorLoop>]
    private let channel: any Channel
    private let shared: CollectorShared
    /// The port that it listens on.
    package let port: Int
    /// `host:port`.
    package let address: String

    private init(
        group: MultiThreadedEventLoopGroup, loops: [NIOLoopBound<CollectorLoop>], channel: any Channel,
        shared: CollectorShared
    ) {
        self.group = group
        self.loops = loops
        self.channel = channel
        self.shared = shared
        port = channel.localAddress?.port ?? shared.settings.port
        let host = shared.settings.host
        address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// `schemas`: to check payloads as they are read; nil: that is left to the source. `dryRun`: makes the answer of events that
    /// were only tried out; it may block.
    package static func bind(
        _ settings: CollectorSettings, handlers: [any ProtocolHandler], pages: [CollectorPage], spool: Spool,
        schemas: SchemaCache? = nil, metrics: MetricsRegistry, logger: Logger,
        dryRun: @escaping @Sendable ([UInt8]) -> CollectedAnswer
    ) async throws(CollectorError) -> CollectorServer {
        let files = raiseFileLimit()
        let mostConnections = min(settings.limits.connections, max(16, files - 256))
        if mostConnections < settings.limits.connections {
            logger.warning(
                "The system's limit of \(files) open files allows \(mostConnections) connections; raise it with 'ulimit -n'."
            )
        }
        let identity = try settings.tls.map { tls throws(CollectorError) in try TLSIdentity(tls, logger: logger) }
        let shared = CollectorShared(
            settings: settings, handlers: handlers, pages: pages, spool: spool, schemas: schemas,
            tls: identity, metrics: CollectorMetrics(metrics), pool: .singleton, logger: logger, dryRun: dryRun)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, settings.threads))
        var loops: [NIOLoopBound<CollectorLoop>] = []
        for eventLoop in group.makeIterator() {
            let made = try? await eventLoop.submit {
                if settings.yieldsProcessor { ThreadExecutor.yieldProcessor() }
                return NIOLoopBound(CollectorLoop(shared, on: eventLoop), eventLoop: eventLoop)
            }.get()
            if let made { loops.append(made) }
        }
        metrics.gauge("buz_http_connections", "Open connections.") {
            Double(shared.openConnections.load(ordering: .relaxed))
        }
        let all = loops
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 4096, maximum: 1 << 16)
            )
            .childChannelInitializer { channel in
                Self.initialize(channel, all, shared, mostConnections)
            }
        do {
            let channel = try await bootstrap.bind(host: settings.host, port: settings.port).get()
            let server = CollectorServer(group: group, loops: loops, channel: channel, shared: shared)
            server.startSweeping()
            return server
        } catch {
            try? await group.shutdownGracefully()
            throw unbound(settings.host, settings.port, error)
        }
    }

    private static func unbound(_ host: String, _ port: Int, _ error: any Error) -> CollectorError {
        CollectorError(
            "the collector cannot listen on \(host):\(port): \(error); another process may use the port: set http.port")
    }

    /// Listens, and stops at once. Throws when that is not possible.
    package static func probe(host: String, port: Int) async throws(CollectorError) {
        do {
            try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1).bind(host: host, port: port).get().close()
        } catch {
            throw unbound(host, port, error)
        }
    }

    private static func initialize(
        _ channel: any Channel, _ loops: [NIOLoopBound<CollectorLoop>], _ shared: CollectorShared, _ most: Int
    ) -> EventLoopFuture<Void> {
        guard shared.openConnections.add(1, ordering: .relaxed).newValue <= most,
            let loop = loops.first(where: { $0.eventLoop === channel.eventLoop })
        else {
            shared.openConnections.subtract(1, ordering: .relaxed)
            shared.metrics.refusedConnections.add()
            return channel.close()
        }
        shared.metrics.connections.add()
        channel.closeFuture.whenComplete { _ in shared.openConnections.subtract(1, ordering: .relaxed) }
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls = shared.tls {
                try pipeline.addHandler(TLSGate())
                try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
            }
            try pipeline.addHandler(CollectorConnection(loop.value, isEncrypted: shared.tls != nil))
        }
    }

    private func startSweeping() {
        for loop in loops {
            loop.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(500), delay: .milliseconds(500)) { _ in
                loop.value.sweep(now: Timestamp.now())
            }
        }
        let spool = shared.spool
        group.next().scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in spool.tick() }
        guard shared.tls != nil else { return }
        group.next().scheduleRepeatedTask(initialDelay: .seconds(5), delay: .seconds(5)) { [shared] _ in
            Self.readCertificates(shared, asked: false)
        }
    }

    /// Reads certificate and key again: new connections get them. Does nothing without TLS.
    package func readCertificates() { Self.readCertificates(shared, asked: true) }

    private static func readCertificates(_ shared: CollectorShared, asked: Bool) {
        guard let tls = shared.tls else { return }
        _ = shared.runOnPool { tls.refresh(asked: asked) }
    }

    /// Open files that the process may have, after raising the limit as far as it goes.
    private static func raiseFileLimit() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let kind = RLIMIT_NOFILE
        #endif
        guard getrlimit(kind, &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            if setrlimit(kind, &limit) != 0 { _ = getrlimit(kind, &limit) }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// Connections at the moment.
    package var openConnections: Int { shared.openConnections.load(ordering: .relaxed) }

    /// Every required sink has what lies before an offset of the spool: whoever waits for that is answered.
    package func delivered(upTo offset: UInt64) {
        guard shared.settings.acknowledge == .delivered else { return }
        for loop in loops { loop.eventLoop.execute { loop.value.delivered(upTo: offset) } }
    }

    /// Takes no more connections and requests, and returns when those that came are answered, or the time is over.
    package func drain(within limit: Duration) async {
        shared.isDraining.store(true, ordering: .relaxed)
        try? await channel.close()
        for loop in loops { loop.eventLoop.execute { loop.value.drain() } }
        let end = ContinuousClock.now + limit
        while openConnections > 0, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Ends its threads; connections that are left are closed.
    package func close() async { try? await group.shutdownGracefully() }
}
