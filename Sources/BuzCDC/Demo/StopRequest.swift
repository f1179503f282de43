import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Whether SIGINT or SIGTERM has arrived since ``listen()``.
enum StopRequest {
    private static let received = Atomic<Bool>(false)

    static var isSet: Bool { received.load(ordering: .relaxed) }

    /// Takes over both signals. A store into a lock-free atomic is all that the handler does, which a signal handler may.
    static func listen() {
        _ = isSet
        for number in [SIGINT, SIGTERM] { signal(number) { _ in StopRequest.received.store(true, ordering: .relaxed) } }
    }
}
