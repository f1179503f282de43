import CoreIngest
import Glibc

extension SinkFailure {
    /// A failure of a system call: what was being done, the system's words, and what to do about this class of error.
    static func system(_ error: Int32, _ action: String, reopen: Bool = false) -> SinkFailure {
        let code: Code
        let advice: String
        switch error {
        case ENOSPC, EDQUOT, EFBIG:
            code = .storageFull
            advice = "free space, or raise the quota; the write is tried again"
        case EACCES, EPERM, EROFS:
            code = .unauthorized
            advice = "let the user that runs buz-cdc write there"
        case ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG:
            code = .misconfigured
            advice = "create the folder, or change the sink's path"
        case EPIPE:
            code = .unavailable
            advice = "its reader is gone; start buz-cdc again with a reader that stays"
        case EIO, ESTALE, ENXIO, ENODEV, ETIMEDOUT:
            code = .unavailable
            advice = "look for errors of the disk in the system's log"
        default:
            code = .other
            advice = "the write is tried again"
        }
        return SinkFailure(code, "\(action): \(text(of: error)) (errno \(error)); \(advice)", reopen: reopen)
    }

    private static func text(of error: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(error, &buffer, buffer.count) == 0 else { return "unknown error" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
