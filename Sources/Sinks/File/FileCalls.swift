import Glibc

/// The system calls that a failing disk fails: replaced by tests.
struct FileCalls: Sendable {
    var write: @Sendable (Int32, UnsafePointer<iovec>?, Int32) -> Int = { writev($0, $1, $2) }
    var truncate: @Sendable (Int32, Int) -> Int32 = { ftruncate($0, $1) }
    var synchronize: @Sendable (Int32) -> Int32 = { fdatasync($0) }
}
