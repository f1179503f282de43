import CoreIngest
import Glibc
import Synchronization
import TestServers
import Testing

@testable import Sinks

@Suite struct FileSinkFailureTests {
    let fixture: FileSinkFixture
    let sample: SampleEvents
    let disk = FaultyDisk()
    let file = "events-2026-11-21.ndjson"

    init() throws {
        fixture = try FileSinkFixture()
        sample = try SampleEvents()
    }

    @Test func aFileThatAppearedMeanwhileIsGoneOnWith() async throws {
        let sink = try fixture.sink()
        _ = try await sink.open()
        try fixture.append(rowLines(7..<8) + "half", to: file)
        #expect(await sink.write([BatchSlice(sample.rows(0..<2))]).failure?.reopen == true)
        _ = try await sink.open()
        #expect(await sink.write([BatchSlice(sample.rows(0..<2))]).isDelivered)
        #expect(fixture.text(file) == rowLines(7..<8) + rowLines(0..<2))
        await sink.close()
    }

    /// Lines are 9 bytes long: all the places where a disk can become full within five of them, in two slices.
    @Test(arguments: 0..<46)
    func aFullDiskLeavesWholeLinesAndTheRetryGoesOnBehindThem(_ room: Int) async throws {
        let sink = try fixture.sink(calls: disk.calls)
        _ = try await sink.open()
        let first = sample.rows(0..<3)
        let slices = [BatchSlice(first), BatchSlice(sample.rows(3..<5))]
        disk.room.withLock { $0 = room }
        let outcome = await sink.write(slices)
        if room < 45 {
            #expect(outcome.failure?.code == .storageFull)
            #expect(outcome.failure?.message.contains("No space left on device") == true)
        } else {
            #expect(outcome.isDelivered)
        }
        #expect(fixture.text(file) == rowLines(0..<room / 9))
        disk.room.withLock { $0 = .max }
        if room < 45 { #expect(await sink.write(slices).isDelivered) }
        #expect(fixture.text(file) == rowLines(0..<5))
        try await sink.flush()
        await sink.close()
        #expect(try await fixture.sink().open() == [sample.source: Position(commit: 100, ordinal: 2)])
    }

    @Test func aHalfLineThatCannotBeCutIsCutBeforeTheNextWrite() async throws {
        let sink = try fixture.sink(calls: disk.calls)
        _ = try await sink.open()
        disk.room.withLock { $0 = 13 }
        disk.cutError.withLock { $0 = EIO }
        let slices = [BatchSlice(sample.rows(0..<3))]
        #expect(await sink.write(slices).failure?.code == .storageFull)
        #expect(fixture.text(file) == rowLines(0..<1) + "{\"id")
        disk.room.withLock { $0 = .max }
        #expect(await sink.write(slices).failure?.message.contains("cutting back a half line") == true)
        await #expect(throws: SinkFailure.self) { try await sink.flush() }
        #expect(fixture.text(file) == rowLines(0..<1) + "{\"id")
        disk.cutError.withLock { $0 = 0 }
        #expect(await sink.write(slices).isDelivered)
        #expect(fixture.text(file) == rowLines(0..<3))
        await sink.close()
    }

    @Test func aRetryThatComesInAnotherBatchIsWrittenWhole() async throws {
        let sink = try fixture.sink(calls: disk.calls)
        _ = try await sink.open()
        disk.room.withLock { $0 = 20 }
        #expect(await sink.write([BatchSlice(sample.rows(0..<3))]).failure != nil)
        disk.room.withLock { $0 = .max }
        #expect(await sink.write([BatchSlice(sample.rows(0..<3))]).isDelivered)
        #expect(fixture.text(file) == rowLines(0..<2) + rowLines(0..<3))
        await sink.close()
    }

    @Test func aFullDiskInOneOutputDoesNotRepeatTheOther() async throws {
        let sink = try fixture.sink({ $0.deadletterOutput = OutputName("invalid") }, calls: disk.calls)
        _ = try await sink.open()
        let batch = sample.batch((0..<4).map { SampleEvents.Event(payload: "{\"id\":\($0)}", isInvalid: $0 >= 2) })
        disk.room.withLock { $0 = 30 }
        #expect(await sink.write([BatchSlice(batch)]).failure?.code == .storageFull)
        disk.room.withLock { $0 = .max }
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        #expect(fixture.text(file) == rowLines(0..<2))
        #expect(fixture.text("invalid-2026-11-21.ndjson") == rowLines(2..<4))
        await sink.close()
    }

    @Test func whatCouldNotBeFlushedIsTakenBackAndAskedForAgain() async throws {
        let sink = try fixture.sink(calls: disk.calls)
        _ = try await sink.open()
        _ = await sink.write([BatchSlice(sample.rows(0..<2, commit: 100))])
        try await sink.flush()
        _ = await sink.write([BatchSlice(sample.rows(2..<4, commit: 200))])
        disk.flushError.withLock { $0 = EIO }
        let failure = await #expect(throws: SinkFailure.self) { try await sink.flush() }
        #expect(failure?.reopen == true)
        // The kernel may say yes the next time without having written anything: the lines are not trusted.
        #expect(fixture.text(file) == rowLines(0..<2))
        disk.flushError.withLock { $0 = 0 }
        #expect(try await sink.open() == [sample.source: Position(commit: 100, ordinal: 1)])
        _ = await sink.write([BatchSlice(sample.rows(2..<4, commit: 200))])
        try await sink.flush()
        #expect(fixture.text(file) == rowLines(0..<4))
        await sink.close()
    }

    @Test func aFileRemovedWhileItIsWrittenIsNoticedBeforeAnythingIsPromised() async throws {
        let sink = try fixture.sink()
        _ = try await sink.open()
        _ = await sink.write([BatchSlice(sample.rows(0..<2))])
        #expect(unlink("\(fixture.path)/\(file)") == 0)
        let failure = await #expect(throws: SinkFailure.self) { try await sink.flush() }
        #expect(failure?.reopen == true)
        #expect(failure?.message.contains("was removed") == true)
        #expect(try await sink.open().isEmpty)
        _ = await sink.write([BatchSlice(sample.rows(0..<2))])
        try await sink.flush()
        #expect(fixture.text(file) == rowLines(0..<2))
        await sink.close()
    }

    @Test func aFolderMovedAwayIsNoticedBeforeAnythingIsPromised() async throws {
        let sink = try fixture.sink()
        _ = try await sink.open()
        _ = await sink.write([BatchSlice(sample.rows(0..<2))])
        #expect(rename(fixture.path, fixture.path + ".moved") == 0)
        let failure = await #expect(throws: SinkFailure.self) { try await sink.flush() }
        #expect(failure?.reopen == true)
        _ = try await sink.open()
        _ = await sink.write([BatchSlice(sample.rows(0..<2))])
        try await sink.flush()
        #expect(fixture.text(file) == rowLines(0..<2))
        await sink.close()
    }

    @Test func aMissingParentAndAFileInPlaceOfTheFolderAreToldPrecisely() async throws {
        let orphan = try FileSinkFixture(path: "\(fixture.folder.path)/no/such/folder")
        let missing = await #expect(throws: SinkFailure.self) { try await orphan.sink().open() }
        #expect(missing?.code == .misconfigured)
        #expect(missing?.message.contains("creating the folder \(orphan.path): No such file or directory") == true)
        try writeText("x", to: "\(fixture.folder.path)/plain")
        let plain = try FileSinkFixture(path: "\(fixture.folder.path)/plain")
        let failure = await #expect(throws: SinkFailure.self) { try await plain.sink().open() }
        #expect(failure?.message.contains("Not a directory") == true)
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere: run as another user to test permissions"))
    func aFolderWithoutPermissionIsToldPrecisely() async throws {
        #expect(mkdir(fixture.path, 0o500) == 0)
        let failure = await #expect(throws: SinkFailure.self) { try await fixture.sink().open() }
        #expect(failure?.code == .unauthorized)
        #expect(chmod(fixture.path, 0o700) == 0)
        _ = try await fixture.sink().open()
    }

    @Test(.enabled(if: geteuid() == 0, "a small tmpfs can only be mounted by root: a real full disk is not tested"))
    func aRealDiskThatIsFullForAWhileLosesAndRepeatsNothing() async throws {
        try #require(mkdir(fixture.path, 0o755) == 0)
        let mount = try ChildProcess(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", fixture.path], folder: fixture.folder)
        guard try mount.wait() == 0 else {
            try Test.cancel("a small tmpfs cannot be mounted here, so a real full disk is not tested: \(mount.errors)")
        }
        defer { _ = try? ChildProcess.run(["umount", "-l", fixture.path], folder: fixture.folder) }
        let sink = try fixture.sink()
        _ = try await sink.open()
        let ballast = "\(fixture.path)/ballast"
        try writeText(String(repeating: "x", count: 900_000), to: ballast)
        let slices = [BatchSlice(sample.rows(100_000..<120_000))]
        #expect(await sink.write(slices).failure?.code == .storageFull)
        let half = fixture.text(file)
        #expect(half.utf8.count > 20_000)
        #expect(half.hasSuffix("}\n"))
        #expect(unlink(ballast) == 0)
        #expect(await sink.write(slices).isDelivered)
        try await sink.flush()
        #expect(fixture.text(file) == rowLines(100_000..<120_000))
        await sink.close()
    }
}
