import CLinux
import Glibc

/// Wakes a thread that waits in `poll(2)`: an eventfd. ``fire()`` may be called on any thread and never blocks.
final class WakeSignal: Sendable {
    let descriptor: Int32

    init() throws(SourceError) {
        descriptor = eventfd(0, shim_eventfd_flags())
        guard descriptor >= 0 else {
            throw SourceError(.resource, "cannot make an eventfd (errno \(errno)): raise the limit of open files")
        }
    }

    deinit { close(descriptor) }

    func fire() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Forgets what was fired.
    func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}

/// One wait in `poll(2)`.
enum Wait {
    struct Outcome: OptionSet {
        var rawValue: UInt8
        static let readable = Outcome(rawValue: 1)
        static let writable = Outcome(rawValue: 2)
        static let woken = Outcome(rawValue: 4)
    }

    /// Waits until the socket is ready, the signal fires (it is drained), or the deadline; nil waits without end. A closed or
    /// broken socket counts as readable and writable, so that the next call finds the error. `socket` -1: only the signal.
    static func until(
        _ deadline: ContinuousClock.Instant?, socket: Int32, reading: Bool, writing: Bool = false, signal: WakeSignal?
    ) -> Outcome {
        var entries = (pollfd(fd: -1, events: 0, revents: 0), pollfd(fd: -1, events: 0, revents: 0))
        if reading || writing {
            entries.0.fd = socket
            entries.0.events = Int16((reading ? POLLIN : 0) | (writing ? POLLOUT : 0))
        }
        if let signal {
            entries.1.fd = signal.descriptor
            entries.1.events = Int16(POLLIN)
        }
        let timeout = milliseconds(until: deadline)
        let ready = withUnsafeMutableBytes(of: &entries) {
            poll($0.assumingMemoryBound(to: pollfd.self).baseAddress, 2, timeout)
        }
        var outcome: Outcome = []
        guard ready > 0 else { return outcome }
        let events = Int32(entries.0.revents)
        let broken = events & (POLLERR | POLLHUP | POLLNVAL) != 0
        if reading, broken || events & POLLIN != 0 { outcome.insert(.readable) }
        if writing, broken || events & POLLOUT != 0 { outcome.insert(.writable) }
        if entries.1.revents != 0 {
            signal?.drain()
            outcome.insert(.woken)
        }
        return outcome
    }

    /// Rounded up, so that no wait ends just before its deadline and spins.
    static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        guard seconds < 1_000_000 else { return 1_000_000_000 }
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
