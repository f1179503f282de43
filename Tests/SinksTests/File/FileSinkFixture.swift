import CoreIngest
import Glibc
import Synchronization
import TestServers
import Testing

@testable import Sinks

/// A file sink in a folder of its own, on a day that the test sets.
final class FileSinkFixture: Sendable {
    let folder: TemporaryFolder
    let path: String
    /// Microseconds since the Unix epoch.
    let clock = Mutex<Int64>(FileSinkFixture.noon)
    /// 2026-11-21T12:00:00Z
    static let noon: Int64 = 1_795_262_400_000_000
    static let day: Int64 = 86_400_000_000

    init(path: String? = nil) throws {
        folder = try TemporaryFolder("filesink")
        self.path = path ?? "\(folder.path)/out"
    }

    func sink(
        _ change: (inout FileSink.Settings) -> Void = { _ in }, calls: FileCalls = FileCalls()
    ) throws -> FileSink {
        var settings = FileSink.Settings(
            directory: path, defaultOutput: try #require(OutputName("events")), format: .row)
        change(&settings)
        return FileSink(
            name: "lake", settings: settings, renderer: SampleEvents.renderer, now: { self.clock.withLock { $0 } },
            calls: calls)
    }

    func text(_ file: String) -> String { readText("\(path)/\(file)") }

    func append(_ text: String, to file: String) throws {
        let handle = try #require(fopen("\(path)/\(file)", "a"))
        fputs(text, handle)
        fclose(handle)
    }
}
