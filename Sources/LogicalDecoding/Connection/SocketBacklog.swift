import CLinux

/// How much a socket has received that was not read yet.
enum SocketBacklog {
    /// Bytes; -1 where the kernel does not say.
    static func bytes(_ descriptor: Int32) -> Int32 { shim_readable_bytes(descriptor) }
}
