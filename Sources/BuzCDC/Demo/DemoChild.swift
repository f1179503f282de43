#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A process that the demo started. Not thread safe: the demo's own thread owns it.
struct DemoChild {
    let pid: pid_t

    /// Starts `arguments[0]`, found through PATH, in a process group of its own, so that Ctrl-C reaches the demo alone, which
    /// then stops its children in order. Standard output and errors are appended to `log`.
    init(_ arguments: [String], log: String) throws(CommandFailure) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        var ordinary = sigset_t()
        sigemptyset(&ordinary)
        for number in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&ordinary, number) }
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setsigdefault(&attributes, &ordinary)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var vector: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        vector.append(nil)
        defer { for text in vector { free(text) } }
        var child: pid_t = 0
        let result = posix_spawnp(&child, arguments[0], &actions, &attributes, vector, environ)
        guard result == 0 else {
            throw .failed("the demo cannot start \(arguments[0]): \(String(cString: strerror(result)))")
        }
        pid = child
    }

    /// The exit status once it has ended (128 + number when a signal ended it); nil while it runs. Answers a status once.
    func poll() -> Int32? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        return Self.code(status)
    }

    /// Asks it to end, waits at most `seconds`, then kills it.
    func stop(_ number: Int32 = SIGTERM, seconds: Int) {
        kill(pid, number)
        for _ in 0..<seconds * 50 {
            if poll() != nil { return }
            usleep(20_000)
        }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    /// Runs a program to its end; throws with the last line it printed when it fails.
    static func run(_ arguments: [String], log: String) throws(CommandFailure) {
        let child = try DemoChild(arguments, log: log)
        var status: Int32 = 0
        while waitpid(child.pid, &status, 0) < 0 && errno == EINTR {}
        guard code(status) == 0 else {
            throw .failed("the demo's \(arguments.first { $0.contains("/bin/") } ?? arguments[0]) failed, see \(log)")
        }
    }

    private static func code(_ status: Int32) -> Int32 {
        status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}
