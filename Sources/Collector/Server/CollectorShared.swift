import CoreIngest
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// What all event loops of a collector share; immutable but for atomics.
final class CollectorShared: Sendable {
    let settings: CollectorSettings
    let handlers: [any ProtocolHandler]
    /// Their names.
    let protocols: [CollectedProtocol]
    let pages: [CollectorPage]
    let router: Router
    let spool: Spool
    let schemas: SchemaCache?
    let tls: TLSIdentity?
    let metrics: CollectorMetrics
    let logger: Logger
    let crossOrigin: CrossOrigin?
    let authentication: Authentication?
    let rateLimiter: RateLimiter?
    let identity: IdentityCookie?
    let requestContext: RequestContext
    let trustedProxies: Set<[UInt8]>
    let dryRunPath: [UInt8]?
    /// Makes the answer of a dry run of events; may block.
    let dryRun: @Sendable ([UInt8]) -> CollectedAnswer
    let pool: NIOThreadPool
    let openConnections = Atomic<Int>(0)
    let isDraining = Atomic<Bool>(false)
    /// Pages and dry runs on the pool at the moment.
    private let poolJobs = Atomic<Int>(0)
    private static let mostPoolJobs = 64

    init(
        settings: CollectorSettings, handlers: [any ProtocolHandler], pages: [CollectorPage], spool: Spool,
        schemas: SchemaCache?, tls: TLSIdentity?, metrics: CollectorMetrics, pool: NIOThreadPool, logger: Logger,
        dryRun: @escaping @Sendable ([UInt8]) -> CollectedAnswer
    ) {
        self.settings = settings
        self.handlers = handlers
        protocols = handlers.map(\.name)
        self.pages = pages
        self.spool = spool
        self.schemas = schemas
        self.tls = tls
        self.metrics = metrics
        self.pool = pool
        self.logger = logger
        self.dryRun = dryRun
        let ofHandlers = handlers.enumerated().flatMap { index, handler in
            handler.routes.map { (route: $0, target: Router.Target.handler(index)) }
        }
        let ofPages = pages.enumerated().flatMap { index, page in
            page.routes.map { (route: $0, target: Router.Target.page(index)) }
        }
        router = Router(ofHandlers + ofPages)
        let middleware = settings.middleware
        crossOrigin = middleware.cors.map { CrossOrigin($0) }
        authentication = middleware.authentication.map { Authentication($0) }
        rateLimiter = middleware.rateLimit.map { RateLimiter($0) }
        identity = middleware.identity.map { IdentityCookie($0) }
        requestContext = RequestContext(middleware.requestContext)
        trustedProxies = Set(middleware.trustedProxies.map { Array($0.utf8) })
        dryRunPath = settings.dryRunPath.map { Array($0.utf8) }
    }

    /// Runs a job on the pool; false when too many are there already.
    func runOnPool(_ job: @escaping @Sendable () -> Void) -> Bool {
        guard poolJobs.add(1, ordering: .relaxed).newValue <= Self.mostPoolJobs else {
            poolJobs.subtract(1, ordering: .relaxed)
            return false
        }
        pool.submit { [self] _ in
            job()
            poolJobs.subtract(1, ordering: .relaxed)
        }
        return true
    }

    /// Counts why a client gets 503, and gives its answer.
    func unavailable(_ reason: Unavailability) -> CollectedAnswer {
        metrics.count(reason)
        return reason.answer
    }
}
