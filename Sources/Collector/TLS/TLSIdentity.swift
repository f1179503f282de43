import CoreIngest
import Logging
import NIOSSL
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The certificate that new connections get: read again when its files change, or when it is asked for. What cannot be used leaves the one
/// before in place, as files of a renewal change one after the other.
final class TLSIdentity: Sendable {
    /// Of a file, to see whether it changed.
    private struct Stamp: Equatable {
        var seconds = 0
        var nanoseconds = 0
        var size = 0
        var inode: UInt64 = 0
    }

    private struct State {
        var context: NIOSSLContext
        var stamps: [Stamp]
        /// Why the files that are there cannot be used, and how often that was seen.
        var trouble: (message: String, times: Int)?
    }

    private let settings: TLSSettings
    private let logger: Logger
    private let state: Mutex<State>

    init(_ settings: TLSSettings, logger: Logger) throws(CollectorError) {
        self.settings = settings
        self.logger = logger
        // Looked at first: what changes meanwhile is read again.
        let stamps = Self.stamps(settings)
        let loaded = try TLSFiles.load(settings, now: Timestamp.now() / 1_000_000)
        state = Mutex(State(context: loaded.context, stamps: stamps))
        warnOfEnd(loaded)
    }

    /// For a new connection.
    var context: NIOSSLContext { state.withLock { $0.context } }

    /// Reads the files where they changed, or in any case when it was `asked` for. Blocks as long as the disk.
    func refresh(asked: Bool) {
        let stamps = Self.stamps(settings)
        let isDue = state.withLock { $0.stamps != stamps || $0.trouble != nil }
        guard asked || isDue else { return }
        do throws(CollectorError) {
            let loaded = try TLSFiles.load(settings, now: Timestamp.now() / 1_000_000)
            state.withLock { state in
                state.context = loaded.context
                state.stamps = stamps
                state.trouble = nil
            }
            logger.notice(
                "New connections get the certificate that was read from \(settings.certificateFile) now.",
                metadata: ["expires": "\(TLSFiles.day(Int(loaded.expires)))"])
            warnOfEnd(loaded)
        } catch {
            let times = state.withLock { state in
                state.stamps = stamps
                let before = state.trouble?.message == error.description ? state.trouble?.times ?? 0 : 0
                state.trouble = (error.description, before + 1)
                return before + 1
            }
            // A pair of files is written one after the other: what is wrong once may be right a moment later.
            if asked || times == 2 {
                logger.error("The certificate of before is kept: \(error.description)")
            }
        }
    }

    private func warnOfEnd(_ loaded: TLSFiles.Loaded) {
        let left = loaded.expires - Timestamp.now() / 1_000_000
        guard left < 14 * 86_400 else { return }
        logger.warning(
            "A certificate in \(settings.certificateFile) expires at \(TLSFiles.day(Int(loaded.expires))); renew it.")
    }

    private static func stamps(_ settings: TLSSettings) -> [Stamp] {
        [settings.certificateFile, settings.keyFile, settings.clientAuthoritiesFile ?? ""].map { path in
            var info = stat()
            guard stat(path, &info) == 0 else { return Stamp() }
            return Stamp(
                seconds: info.st_mtim.tv_sec, nanoseconds: info.st_mtim.tv_nsec, size: Int(info.st_size),
                inode: UInt64(info.st_ino))
        }
    }
}
