import CLinux
import Glibc

/// A thread of its own for work that blocks in system calls, away from Swift's cooperative pool.
enum OwnThread {
    // Carries the work into the new thread; touched by that one thread only.
    private final class Box {
        let name: String
        let work: @Sendable () -> Void
        init(name: String, work: @escaping @Sendable () -> Void) {
            self.name = name
            self.work = work
        }
    }

    /// Starts `work` on a new detached thread. `name`: at most 15 bytes, shown by `top -H`.
    static func start(name: String, _ work: @escaping @Sendable () -> Void) throws(SourceError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 1 << 20)
        let box = Unmanaged.passRetained(Box(name: name, work: work))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                _ = shim_name_thread(box.name)
                box.work()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw SourceError(
                .resource, "cannot start the thread \(name) (errno \(code)): raise the limit of processes")
        }
    }
}
