/// How the collector listens, what a client may cost, and what every request goes through.
package struct CollectorSettings: Sendable {
    /// When a client is told that its events were taken.
    package enum Acknowledge: String, Sendable, CaseIterable {
        /// They are on the disk, synced.
        case durable
        /// Every required sink has them.
        case delivered
        /// They are in memory; a crash of the process may lose what came last.
        case received
    }

    package struct Limits: Sendable {
        package var connections = 20_000
        package var headBytes = 16 << 10
        package var headerFields = 100
        /// Of a body as it is sent.
        package var bodyBytes = 1 << 20
        /// Of a body after inflating.
        package var inflatedBytes = 8 << 20
        /// Times as many bytes after inflating as before, past the first 64 KiB.
        package var inflateRatio = 100
        /// Bytes of requests that are not whole yet, of all connections together.
        package var bufferBytes = 256 << 20
        /// Requests of one connection that wait for their answers.
        package var pipelined = 64
        package var events = CollectedEvents.Limits()
        /// From the first byte of a head to its last.
        package var headTimeout: Duration = .seconds(10)
        /// From the end of a head to the end of its body.
        package var bodyTimeout: Duration = .seconds(30)
        /// Between requests, and for a client that does not take its answers.
        package var idleTimeout: Duration = .seconds(75)
        /// Until a request's events are as safe as asked for; then it gets 503.
        package var answerTimeout: Duration = .seconds(30)

        package init() {}
    }

    package var host = "127.0.0.1"
    package var port = 8080
    /// Nil: plain HTTP.
    package var tls: TLSSettings?
    /// Event loops.
    package var threads = 1
    /// Where the processors are busy, other threads of the machine go before those that read requests and events.
    package var yieldsProcessor = false
    package var acknowledge = Acknowledge.durable
    package var limits = Limits()
    package var middleware = MiddlewareSettings()
    /// Requests below this path are answered with verdict and envelope, and not kept; nil: there is no such path.
    package var dryRunPath: String?

    package init() {}
}
