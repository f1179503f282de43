#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The sidecar of a demo: this same program in a process of its own, started again when someone kills it.
struct DemoSidecar {
    let binary: String
    private let folder: DemoFolder
    private let configuration: String
    private var child: DemoChild
    private var goneAt: Double?
    private var quickDeaths = 0
    private var startedAt: Double

    init(folder: DemoFolder, configuration: String) throws(CommandFailure) {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard length > 0 else { throw .failed("the demo cannot find its own program: /proc is not mounted") }
        binary = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.folder = folder
        self.configuration = configuration
        child = try Self.start(binary, configuration, folder)
        startedAt = MonotonicClock.seconds()
    }

    /// Starts it again two seconds after it ended; throws when it ends soon after its start for the third time.
    mutating func restartWhenGone() throws(CommandFailure) {
        let now = MonotonicClock.seconds()
        guard let goneAt else {
            guard let status = child.poll() else { return }
            self.goneAt = now
            quickDeaths = now - startedAt < 3 && status != 137 ? quickDeaths + 1 : 0
            guard quickDeaths < 3 else {
                throw .failed("the demo's sidecar ended with status \(status) right after its start")
            }
            let cause = status > 128 ? "was ended by signal \(status - 128)" : "ended with status \(status)"
            Output.line("the sidecar \(cause); it is started again in two seconds")
            return
        }
        guard now >= goneAt + 2 else { return }
        child = try Self.start(binary, configuration, folder)
        startedAt = now
        self.goneAt = nil
        Output.line("the sidecar runs again (pid \(child.pid))")
    }

    func stop() {
        guard goneAt == nil else { return }
        child.stop(seconds: 20)
    }

    private static func start(
        _ binary: String, _ configuration: String, _ folder: DemoFolder
    ) throws(CommandFailure) -> DemoChild {
        let child = try DemoChild([binary, "run", "--config", configuration], log: "\(folder.path)/sidecar.log")
        try folder.write("\(child.pid)\n", to: "sidecar.pid")
        return child
    }
}
