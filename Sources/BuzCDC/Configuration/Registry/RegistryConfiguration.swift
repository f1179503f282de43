/// The `registry` section: where schemas are kept, how they are cached, and who may see and purge them.
struct RegistryConfiguration: Sendable {
    var backend: any RegistryBackend
    /// How long a cached schema is used before the backend is asked again.
    var timeToLive: Duration
    /// Bytes of compiled schemas held in memory.
    var maxBytes: Int
    /// Whether the schemas derived from tables are put into the backend.
    var publishes: Bool
    /// Path of the page that purges the cache; nil: there is none.
    var purgePath: String?
    /// Whether schemas are served at `/s/…`.
    var servesSchemas: Bool
}
