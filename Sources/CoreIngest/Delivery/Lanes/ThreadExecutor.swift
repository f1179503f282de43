import CLinux

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Runs tasks on one thread of its own, so that they may block without holding up anyone else's.
///
/// ``start()`` before the first task; ``stop()`` after the last one has ended: the thread then ends.
///
/// Unchecked: the jobs and the flags are only touched with the pthread mutex held.
package final class ThreadExecutor: TaskExecutor, @unchecked Sendable {
    private let name: String
    private let yields: Bool
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs = FIFO<UnownedJob>()
    private var isStopped = false

    /// `name`: shown by tools such as top; cut to 15 bytes. `yields`: where the processors are busy, other threads go first.
    package init(name: String, yields: Bool = false) {
        self.name = name
        self.yields = yields
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    package func start() {
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let executor = Unmanaged<ThreadExecutor>.fromOpaque(argument).takeRetainedValue()
                executor.runJobs()
                return nil
            }, retained.toOpaque())
        precondition(code == 0, "No thread could be started: errno \(code).")
        pthread_detach(thread)
    }

    /// From here on the calling thread, and those it begins, get a third of what others get of a busy processor.
    package static func yieldProcessor() { _ = shim_lower_thread(5) }

    package func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    private func runJobs() {
        _ = shim_name_thread(name)
        if yields { Self.yieldProcessor() }
        while true {
            pthread_mutex_lock(mutex)
            while jobs.isEmpty, !isStopped { pthread_cond_wait(condition, mutex) }
            let job = jobs.popFirst()
            pthread_mutex_unlock(mutex)
            guard let job else { return }
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
