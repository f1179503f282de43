package import Glibc

/// A process that a test started: its pid, its end, and what it printed (into files, so that no pipe can fill up).
package final class ChildProcess: @unchecked Sendable {
    // Safe to share: every mutable field is only touched under `lock`.
    package let pid: pid_t
    package let outputPath: String
    package let errorPath: String
    private let lock = Lock()
    private var ending: Int32?

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
        package init(description: String) { self.description = description }
    }

    /// Starts `arguments[0]` (found through PATH). `environment` is added to the test's own.
    package init(
        _ arguments: [String], environment: [String: String] = [:], folder: TemporaryFolder
    ) throws {
        let name = "process-\(UInt64.random(in: 0 ... .max))"
        outputPath = "\(folder.path)/\(name).out"
        errorPath = "\(folder.path)/\(name).err"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var merged = Self.ownEnvironment()
        for (key, value) in environment { merged[key] = value }
        var child: pid_t = 0
        let result = withCStrings(arguments) { argv in
            withCStrings(merged.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawnp(&child, arguments[0], &actions, &attributes, argv, envp)
            }
        }
        guard result == 0 else {
            throw Failure(description: "cannot start \(arguments[0]): \(String(cString: strerror(result)))")
        }
        pid = child
    }

    deinit { if ending == nil, kill(pid, SIGKILL) == 0 { waitpid(pid, nil, 0) } }

    /// The exit code once it has ended, 128 + signal when a signal ended it; nil while it runs.
    package var exitCode: Int32? {
        lock.withLock {
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            ending = Self.code(status)
            return ending
        }
    }

    /// Waits for the end, at most `seconds`; then kills it and throws.
    @discardableResult
    package func wait(seconds: Double = 60) throws -> Int32 {
        let deadline = monotonicSeconds() + seconds
        while monotonicSeconds() < deadline {
            if let code = exitCode { return code }
            usleep(5000)
        }
        stop(SIGKILL)
        throw Failure(description: "pid \(pid) did not end within \(seconds) s; its errors: \(errors.suffix(2000))")
    }

    /// Sends a signal and, when it is SIGKILL, reaps the process.
    package func stop(_ signal: Int32 = SIGTERM) {
        lock.withLock {
            guard ending == nil else { return }
            kill(pid, signal)
            if signal == SIGKILL {
                var status: Int32 = 0
                waitpid(pid, &status, 0)
                ending = Self.code(status)
            }
        }
    }

    package var output: String { readText(outputPath) }
    package var errors: String { readText(errorPath) }

    /// Runs to the end and answers what was printed; throws when the exit code is not 0.
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], folder: TemporaryFolder, seconds: Double = 120
    ) throws -> String {
        let process = try ChildProcess(arguments, environment: environment, folder: folder)
        let code = try process.wait(seconds: seconds)
        guard code == 0 else {
            throw Failure(
                description: "\(arguments.joined(separator: " ")) exited \(code): \(process.errors.suffix(3000))")
        }
        return process.output
    }

    private static func code(_ status: Int32) -> Int32 {
        status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    private static func ownEnvironment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") {
                result[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
            entry += 1
        }
        return result
    }
}

/// A mutual exclusion lock for the few fields here (the standard library's needs a non-copyable owner).
final class Lock: @unchecked Sendable {
    // Safe to share: a pthread mutex is made for it.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    init() { pthread_mutex_init(mutex, nil) }
    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }
    func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }
}

func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return try body(pointers)
}

package func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The whole file as text; empty when it cannot be read.
package func readText(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { break }
        bytes.append(contentsOf: buffer[..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// Writes a whole file.
package func writeText(_ text: String, to path: String) throws { try writeBytes(Array(text.utf8), to: path) }

package func writeBytes(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw ChildProcess.Failure(description: "cannot write \(path)") }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
        throw ChildProcess.Failure(description: "short write to \(path)")
    }
}

/// Polls `condition` until it is true; throws what `failure` says after `seconds`.
package func eventually(
    within seconds: Double = 30, _ failure: @autoclosure () -> String, _ condition: () throws -> Bool
) throws {
    let deadline = monotonicSeconds() + seconds
    while true {
        if try condition() { return }
        if monotonicSeconds() > deadline { throw ChildProcess.Failure(description: "after \(seconds) s: \(failure())") }
        usleep(20_000)
    }
}
