/// The `registry` section: where schemas are kept and how they are cached.
struct RegistryConfiguration: Sendable {
    var backend: Backend
    /// How long a cached schema is used before the backend is asked again.
    var timeToLive: Duration
    /// Bytes of compiled schemas held in memory.
    var maxBytes: Int
    /// Whether the schemas derived from tables are put into the backend.
    var publishes: Bool

    enum Backend: Sendable {
        /// A folder of schema files.
        case file(path: String)
    }
}
