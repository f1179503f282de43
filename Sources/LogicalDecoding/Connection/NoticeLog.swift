import Synchronization

/// What the server said aside on one connection: notices and warnings, until someone takes them.
final class NoticeLog: Sendable {
    struct Notice: Sendable, Equatable {
        /// `WARNING`, `NOTICE`…, in English whatever the server's language.
        var severity: String
        var sqlState: String
        var message: String
    }

    /// More than these are dropped: a server may warn about every change.
    static let limit = 100

    private let notices = Mutex<[Notice]>([])
    private let flag = Atomic<Bool>(false)

    /// Whether something waits. Cheap: asked between messages.
    var hasNotices: Bool { flag.load(ordering: .relaxed) }

    func add(_ notice: Notice) {
        notices.withLock { if $0.count < Self.limit { $0.append(notice) } }
        flag.store(true, ordering: .relaxed)
    }

    /// All that was said since the last call.
    func take() -> [Notice] {
        notices.withLock { held in
            flag.store(false, ordering: .relaxed)
            defer { held = [] }
            return held
        }
    }
}
