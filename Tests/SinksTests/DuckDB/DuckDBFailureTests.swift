import CoreIngest
import Glibc
import SinkTesting
import TestServers
import Testing

@testable import Sinks

@Suite(.enabled(if: DuckDBLibraryFile.isInstalled), .timeLimit(.minutes(5))) struct DuckDBFailureTests {
    private let orders = ordersStream()

    private func batch(_ maker: BatchMaker, _ id: Int, note: String = "x") -> EventBatch {
        maker.begin()
        maker.add(.create, orders, #"{"id":\#(id),"name":"a","note":"\#(note)"}"#, key: #"{"id":\#(id)}"#)
        return maker.seal()
    }

    @Test("A library that is missing, or is none, is one line that says what to do")
    func library() throws {
        for name in ["/nonexistent/libduckdb.so", "libz.so.1"] {
            do throws(DuckDBFailure) {
                _ = try DuckDBLibrary.load(name)
                Issue.record("loaded \(name)")
            } catch {
                #expect(error.kind == .misconfigured && error.description.contains(name), "\(error)")
                #expect(error.description.contains("libduckdb") && !error.description.contains("\n"), "\(error)")
            }
        }
    }

    @Test("A file that is no database, or cannot be made, is one line that says so")
    func files() async throws {
        let fixture = try DuckDBFixture()
        try writeText(String(repeating: "this is not a database. ", count: 4096), to: fixture.path)
        do {
            _ = try await fixture.sink().open()
            Issue.record("opened")
        } catch {
            #expect(error.code == .misconfigured && error.message.contains(fixture.path), "\(error)")
        }
        do {
            _ = try await fixture.sink { $0.path = "/nonexistent/x.duckdb" }.open()
            Issue.record("opened")
        } catch {
            #expect(error.code == .unauthorized && error.message.contains("/nonexistent/x.duckdb"), "\(error)")
            #expect(!error.message.contains("\n"))
        }
        // What failed to open holds nothing back.
        unlink(fixture.path)
        _ = try await fixture.sink().open()
    }

    @Test("While another process has the file nothing is written, and afterwards all of it")
    func lockedByAnother() async throws {
        let fixture = try DuckDBFixture()
        let sink = fixture.sink { $0.lockPatience = .milliseconds(200) }
        _ = try await sink.open()
        let maker = BatchMaker()
        let first = batch(maker, 1)
        // DuckDB's own lock: any process that opens the file takes one like it.
        let holder = try ChildProcess(
            [
                "python3", "-c",
                "import fcntl, sys, time; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(600)",
                fixture.path,
            ], folder: fixture.folder)
        try eventually(within: 60, "the file is not locked") { holder.output.contains("held") }
        guard case .failed(let failure) = await sink.write([BatchSlice(first)]) else {
            Issue.record("written")
            return
        }
        #expect(
            failure.code == .unavailable && failure.reopen && failure.message.contains("another process"), "\(failure)")
        holder.stop(SIGKILL)
        _ = try await sink.open()
        guard case .delivered = await sink.write([BatchSlice(first)]) else {
            Issue.record("not delivered")
            return
        }
        await sink.close()
        #expect(try fixture.rows("SELECT CAST(id AS VARCHAR) FROM orders") == ["1"])
    }

    @Test("Two sinks on one file take turns, and the file is free after a flush")
    func twoSinks() async throws {
        let fixture = try DuckDBFixture()
        let one = fixture.sink { $0.lockPatience = .milliseconds(50) }
        let other = fixture.sink {
            $0.name = "other"
            $0.path = "\(fixture.folder.path)/./shop.duckdb"
            $0.lockPatience = .milliseconds(50)
        }
        _ = try await one.open()
        _ = try await other.open()
        let maker = BatchMaker()
        let first = batch(maker, 1)
        guard case .delivered = await one.write([BatchSlice(first)]) else {
            Issue.record("not delivered")
            return
        }
        guard case .failed(let failure) = await other.write([BatchSlice(first)]) else {
            Issue.record("both have the file open")
            return
        }
        #expect(failure.message.contains("in use by another sink"), "\(failure)")
        try await one.flush()
        guard case .delivered = await other.write([BatchSlice(first)]) else {
            Issue.record("not delivered")
            return
        }
        await other.close()
        #expect(try fixture.rows("SELECT sink FROM buz_cdc_positions ORDER BY 1") == ["analysis", "other"])
    }

    @Test("A statement that takes too long, or needs too much memory, is ended and says so")
    func limits() throws {
        let fixture = try DuckDBFixture()
        func failure(_ sql: String, _ change: (inout DuckDBSinkSettings) -> Void) throws -> DuckDBFailure? {
            let connection = try fixture.connection(change)
            do throws(DuckDBFailure) {
                try connection.execute(sql)
            } catch {
                return error
            }
            return nil
        }
        let long = try failure("SELECT count(*) FROM range(4000000) a(i), range(4000000) b(j) WHERE i * j % 7 = 3") {
            $0.timeout = .milliseconds(300)
        }
        #expect(long?.kind == .timedOut, "\(String(describing: long))")
        let large = try failure("CREATE TABLE big AS SELECT list(i) FROM range(50000000) r(i)") {
            $0.memoryLimit = 64 << 20
        }
        #expect(large?.kind == .outOfMemory, "\(String(describing: large))")
    }

    @Test(
        "A full disk is one failure, and with room everything goes on",
        .enabled(if: geteuid() == 0, "a small tmpfs can only be mounted by root: a real full disk is not tested"))
    func fullDisk() async throws {
        let fixture = try DuckDBFixture(in: "/small")
        let disk = "\(fixture.folder.path)/small"
        mkdir(disk, 0o700)
        func mount(_ arguments: [String]) throws -> String? {
            let process = try ChildProcess(["mount"] + arguments, folder: fixture.folder)
            return try process.wait() == 0 ? nil : process.errors
        }
        if let reason = try mount(["-t", "tmpfs", "-o", "size=3m", "tmpfs", disk]) {
            try Test.cancel("a small tmpfs cannot be mounted here, so a real full disk is not tested: \(reason)")
        }
        defer { umount2(disk, Int32(MNT_DETACH)) }
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        // Hexadecimal noise, which no compression makes small.
        var generator = SplitMix(state: 7)
        func noise() -> String {
            let digits = Array("0123456789abcdef".utf8)
            return String(decoding: (0..<20_000).map { _ in digits[generator.below(16)] }, as: UTF8.self)
        }
        var failed: (batch: EventBatch, failure: SinkFailure)?
        var written = 0
        while failed == nil, written < 2000 {
            written += 1
            let next = batch(maker, written, note: noise())
            switch await lane.sink.write([BatchSlice(next)]) {
            case .delivered: try await lane.sink.flush()
            case .failed(let failure): failed = (next, failure)
            case .rejected, .refused: Issue.record("an event is blamed for the disk")
            }
        }
        let stopped = try #require(failed)
        #expect(stopped.failure.code == .storageFull, "\(stopped.failure)")
        #expect(try mount(["-o", "remount,size=64m", disk]) == nil)
        try await lane.open()
        try await lane.deliver(stopped.batch)
        await lane.sink.close()
        #expect(
            try fixture.rows("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || min(length(note)) FROM orders")
                == ["\(written) \(written) 20000"])
    }
}
