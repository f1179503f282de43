import CoreIngest
import Glibc
import Synchronization
import TestServers
import Testing

@testable import Sinks

@Suite struct FileSinkTests {
    let fixture: FileSinkFixture
    let sample: SampleEvents

    init() throws {
        fixture = try FileSinkFixture()
        sample = try SampleEvents()
    }

    @Test func linesAreReadableBeforeAnyFlush() async throws {
        let sink = try fixture.sink()
        #expect(try await sink.open().isEmpty)
        #expect(await sink.write([BatchSlice(sample.rows(0..<3))]).isDelivered)
        #expect(fixture.text("events-2026-11-21.ndjson") == rowLines(0..<3))
        await sink.close()
    }

    @Test func noFileIsMadeBeforeTheFirstEvent() async throws {
        let sink = try fixture.sink()
        _ = try await sink.open()
        try await sink.flush()
        #expect(names(in: fixture.path) == [".events.state"])
        await sink.close()
    }

    @Test func slicesOfSeveralBatchesStandInOrder() async throws {
        let sink = try fixture.sink()
        _ = try await sink.open()
        let first = sample.rows(0..<10)
        #expect(
            await sink.write([
                BatchSlice(first, range: 2..<5), BatchSlice(first, range: 5..<5), BatchSlice(sample.rows(20..<22)),
            ]).isDelivered)
        #expect(fixture.text("events-2026-11-21.ndjson") == rowLines(2..<5) + rowLines(20..<22))
        await sink.close()
    }

    @Test func moreSlicesThanOneSystemCallTakes() async throws {
        let sink = try fixture.sink()
        _ = try await sink.open()
        let slices = (0..<2500).map { BatchSlice(sample.rows($0..<$0 + 1)) }
        #expect(await sink.write(slices).isDelivered)
        #expect(fixture.text("events-2026-11-21.ndjson") == rowLines(0..<2500))
        await sink.close()
    }

    @Test func aLineOfTenMegabytesStandsWhole() async throws {
        let sink = try fixture.sink()
        _ = try await sink.open()
        let long = "{\"text\":\"\(String(repeating: "x", count: 10 << 20))\"}"
        let batch = sample.batch([.init(payload: "{\"id\":1}"), .init(payload: long), .init(payload: "{\"id\":2}")])
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        #expect(fixture.text("events-2026-11-21.ndjson") == "{\"id\":1}\n\(long)\n{\"id\":2}\n")
        await sink.close()
    }

    @Test func aNewDayBeginsANewFile() async throws {
        let sink = try fixture.sink()
        _ = try await sink.open()
        _ = await sink.write([BatchSlice(sample.rows(0..<1))])
        fixture.clock.withLock { $0 += FileSinkFixture.day / 2 - 1 }
        _ = await sink.write([BatchSlice(sample.rows(1..<2))])
        fixture.clock.withLock { $0 += 1 }
        _ = await sink.write([BatchSlice(sample.rows(2..<3))])
        #expect(fixture.text("events-2026-11-21.ndjson") == rowLines(0..<2))
        #expect(fixture.text("events-2026-11-22.ndjson") == rowLines(2..<3))
        // Set back by a day: the files stay in the order of events.
        fixture.clock.withLock { $0 -= FileSinkFixture.day }
        _ = await sink.write([BatchSlice(sample.rows(3..<4))])
        #expect(fixture.text("events-2026-11-22.ndjson") == rowLines(2..<4))
        await sink.close()
    }

    @Test func aFullFileIsFollowedByTheNext() async throws {
        let sink = try fixture.sink { $0.maxFileBytes = 30 }
        _ = try await sink.open()
        // Lines of 9 bytes: three fit. A batch that alone is larger stays whole.
        for id in 0..<4 { _ = await sink.write([BatchSlice(sample.rows(id..<id + 1))]) }
        _ = await sink.write([BatchSlice(sample.rows(4..<9))])
        _ = await sink.write([BatchSlice(sample.rows(9..<10))])
        #expect(
            names(in: fixture.path).filter { !$0.hasPrefix(".") } == [
                "events-2026-11-21-0001.ndjson", "events-2026-11-21-0002.ndjson", "events-2026-11-21-0003.ndjson",
                "events-2026-11-21.ndjson",
            ])
        #expect(fixture.text("events-2026-11-21.ndjson") == rowLines(0..<3))
        #expect(fixture.text("events-2026-11-21-0001.ndjson") == rowLines(3..<4))
        #expect(fixture.text("events-2026-11-21-0002.ndjson") == rowLines(4..<9))
        #expect(fixture.text("events-2026-11-21-0003.ndjson") == rowLines(9..<10))
        await sink.close()
    }

    @Test func aRestartGoesOnInTheNewestFile() async throws {
        for ids in [0..<3, 3..<4, 4..<5] {
            let sink = try fixture.sink { $0.maxFileBytes = 30 }
            _ = try await sink.open()
            _ = await sink.write([BatchSlice(sample.rows(ids, commit: UInt64(100 + ids.lowerBound)))])
            try await sink.flush()
            await sink.close()
        }
        #expect(fixture.text("events-2026-11-21.ndjson") == rowLines(0..<3))
        #expect(fixture.text("events-2026-11-21-0001.ndjson") == rowLines(3..<5))
    }

    @Test(arguments: [UInt32(0o640), 0o600, 0o666]) func filesHaveTheGivenPermissions(_ mode: UInt32) async throws {
        let sink = try fixture.sink { $0.fileMode = mode }
        _ = try await sink.open()
        _ = await sink.write([BatchSlice(sample.rows(0..<1))])
        var status = stat()
        #expect(stat("\(fixture.path)/events-2026-11-21.ndjson", &status) == 0)
        #expect(status.st_mode & 0o777 == mode)
        await sink.close()
    }

    @Test func invalidEventsGoToTheirOwnOutput() async throws {
        let sink = try fixture.sink { $0.deadletterOutput = OutputName("invalid_events") }
        #expect(sink.takesInvalidEvents)
        _ = try await sink.open()
        let batch = sample.batch(
            (0..<6).map { SampleEvents.Event(payload: "{\"id\":\($0)}", isInvalid: $0 % 3 == 1) })
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        try await sink.flush()
        #expect(fixture.text("events-2026-11-21.ndjson") == "{\"id\":0}\n{\"id\":2}\n{\"id\":3}\n{\"id\":5}\n")
        #expect(fixture.text("invalid_events-2026-11-21.ndjson") == "{\"id\":1}\n{\"id\":4}\n")
        await sink.close()
    }

    @Test func invalidEventsAreLeftToTheLaneWithoutAnOutputForThem() throws {
        #expect(try !fixture.sink().takesInvalidEvents)
    }

    @Test func controlMarksLeaveNoLine() async throws {
        let sink = try fixture.sink()
        _ = try await sink.open()
        let batch = sample.batch([
            .init(payload: "", operation: .snapshotBegin), .init(payload: "{\"id\":1}", operation: .read),
            .init(payload: "", operation: .snapshotEnd),
        ])
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        #expect(fixture.text("events-2026-11-21.ndjson") == "{\"id\":1}\n")
        await sink.close()
    }

    @Test func twoSinksCannotWriteOneOutput() async throws {
        let first = try fixture.sink()
        _ = try await first.open()
        let second = try fixture.sink()
        let failure = await #expect(throws: SinkFailure.self) { try await second.open() }
        #expect(failure?.code == .misconfigured)
        #expect(failure?.message.contains("another sink or process writes the output 'events'") == true)
        await first.close()
        _ = try await second.open()
        await second.close()
    }
}
