/// A page beside the protocols: health, metrics, schemas. It gets copies, as it may be answered on another thread.
package struct CollectorPage: Sendable {
    package struct Request: Sendable {
        package var method: RequestMethod
        /// Path and query as sent.
        package var target: String
        /// The header `Authorization`.
        package var authorization: String?
    }

    package var routes: [Route]
    /// Whether the answer may take longer than an event loop can wait: it is then made on a thread of a pool.
    package var mayBlock: Bool
    package var respond: @Sendable (Request) -> CollectedAnswer

    package init(
        routes: [Route], mayBlock: Bool = false, respond: @escaping @Sendable (Request) -> CollectedAnswer
    ) {
        self.routes = routes
        self.mayBlock = mayBlock
        self.respond = respond
    }
}
