import CoreIngest
import Glibc
import Synchronization
import TestServers
import Testing

@testable import Sinks

@Suite struct FileSinkCompressionTests {
    let fixture: FileSinkFixture
    let sample: SampleEvents

    init() throws {
        fixture = try FileSinkFixture()
        sample = try SampleEvents()
    }

    private func file(_ compression: OutputCompression) -> String { "events-2026-11-21.ndjson\(compression.suffix)" }

    /// What the field's own tool makes of a file; its check of every checksum is part of it.
    private func unpacked(_ compression: OutputCompression) throws -> String {
        let tool = compression == .gzip ? "gzip" : "zstd"
        return try ChildProcess.run([tool, "-dc", "\(fixture.path)/\(file(compression))"], folder: fixture.folder)
    }

    private func size(_ compression: OutputCompression) -> Int {
        var status = stat()
        return stat("\(fixture.path)/\(file(compression))", &status) == 0 ? Int(status.st_size) : -1
    }

    @Test(arguments: [OutputCompression.gzip, .zstd])
    func everyFlushMakesAMemberThatTheToolsRead(_ compression: OutputCompression) async throws {
        let sink = try fixture.sink { $0.compression = compression }
        _ = try await sink.open()
        for start in stride(from: 0, to: 300, by: 100) {
            _ = await sink.write([BatchSlice(sample.rows(start..<start + 50))])
            _ = await sink.write([BatchSlice(sample.rows(start + 50..<start + 100))])
            try await sink.flush()
            #expect(try unpacked(compression) == rowLines(0..<start + 100))
        }
        // Nothing new: nothing is written.
        let before = size(compression)
        try await sink.flush()
        #expect(size(compression) == before)
        await sink.close()
    }

    @Test(arguments: [OutputCompression.gzip, .zstd])
    func aTailTornAnywhereIsCutAtTheLastWholeMember(_ compression: OutputCompression) async throws {
        var sizes: [Int] = []
        do {
            let sink = try fixture.sink { $0.compression = compression }
            _ = try await sink.open()
            for start in [0, 10, 20] {
                _ = await sink.write([BatchSlice(sample.rows(start..<start + 10, commit: UInt64(start + 1)))])
                try await sink.flush()
                sizes.append(size(compression))
            }
            await sink.close()
        }
        let path = "\(fixture.path)/\(file(compression))"
        let whole = try #require(fopen(path, "r"))
        var bytes = [UInt8](repeating: 0, count: sizes[2])
        #expect(fread(&bytes, 1, bytes.count, whole) == bytes.count)
        fclose(whole)
        for length in sizes[0]...sizes[2] {
            // Without the state file every member is verified, as after a power failure that lost it.
            unlink("\(fixture.path)/.events.state")
            let handle = try #require(fopen(path, "w"))
            fwrite(bytes, 1, length, handle)
            fclose(handle)
            let sink = try fixture.sink { $0.compression = compression }
            _ = try await sink.open()
            #expect(size(compression) == sizes.last { $0 <= length })
            await sink.close()
        }
    }

    @Test(arguments: [OutputCompression.gzip, .zstd])
    func aRestartAppendsBehindTheCutTail(_ compression: OutputCompression) async throws {
        for ids in [0..<5, 5..<9] {
            let sink = try fixture.sink { $0.compression = compression }
            let positions = try await sink.open()
            #expect(positions[sample.source]?.commit == (ids.lowerBound == 0 ? nil : 1))
            _ = await sink.write([BatchSlice(sample.rows(ids, commit: UInt64(ids.lowerBound + 1)))])
            try await sink.flush()
            await sink.close()
            try fixture.append("\u{1F}", to: file(compression))
        }
        _ = try await fixture.sink { $0.compression = compression }.open()
        #expect(try unpacked(compression) == rowLines(0..<9))
    }

    @Test(arguments: [OutputCompression.gzip, .zstd])
    func manyMegabytesGoThroughWithoutAFlush(_ compression: OutputCompression) async throws {
        let sink = try fixture.sink { $0.compression = compression }
        _ = try await sink.open()
        let text = (0..<4000).map { "\($0 &* 2_654_435_761)" }.joined()
        let line = "{\"text\":\"\(text)\"}"
        let batch = sample.batch(Array(repeating: .init(payload: line), count: 40))
        // 40 MB: the open member is ended twice on the way, and is in the file before any flush.
        for _ in 0..<25 { #expect(await sink.write([BatchSlice(batch)]).isDelivered) }
        #expect(size(compression) > 0)
        try await sink.flush()
        let unpacked = try unpacked(compression)
        #expect(unpacked == String(repeating: line + "\n", count: 1000))
        await sink.close()
    }

    @Test(arguments: [OutputCompression.gzip, .zstd])
    func aFlushThatFindsTheDiskFullTakesItsEventsBack(_ compression: OutputCompression) async throws {
        let disk = FaultyDisk()
        let sink = try fixture.sink({ $0.compression = compression }, calls: disk.calls)
        _ = try await sink.open()
        _ = await sink.write([BatchSlice(sample.rows(0..<10, commit: 1))])
        try await sink.flush()
        let flushed = size(compression)
        _ = await sink.write([BatchSlice(sample.rows(10..<99, commit: 2))])
        disk.room.withLock { $0 = 10 }
        let failure = await #expect(throws: SinkFailure.self) { try await sink.flush() }
        #expect(failure?.code == .storageFull)
        #expect(size(compression) == flushed)
        // The lane hands the events over again; this time another part of them first.
        disk.room.withLock { $0 = .max }
        _ = await sink.write([BatchSlice(sample.rows(10..<20, commit: 2))])
        try await sink.flush()
        #expect(try unpacked(compression) == rowLines(0..<20))
        await sink.close()
        let positions = try await fixture.sink { $0.compression = compression }.open()
        #expect(positions[sample.source] == Position(commit: 2, ordinal: 9))
    }

    @Test(arguments: [OutputCompression.gzip, .zstd])
    func aFullDiskStopsTheTakingOfMoreThanOneMember(_ compression: OutputCompression) async throws {
        let disk = FaultyDisk()
        let sink = try fixture.sink({ $0.compression = compression }, calls: disk.calls)
        _ = try await sink.open()
        let line = "{\"text\":\"\(String(repeating: "x", count: 17 << 20))\"}"
        disk.room.withLock { $0 = 10 }
        #expect(await sink.write([BatchSlice(sample.batch([.init(payload: line)]))]).isDelivered)
        #expect(await sink.write([BatchSlice(sample.rows(0..<1))]).failure?.code == .storageFull)
        #expect(size(compression) == 0)
        disk.room.withLock { $0 = .max }
        #expect(await sink.write([BatchSlice(sample.rows(0..<1))]).isDelivered)
        try await sink.flush()
        #expect(try unpacked(compression) == line + "\n" + rowLines(0..<1))
        await sink.close()
    }

    @Test func aFailedFlushOnTheWayToTheNextFileIsNotForgotten() async throws {
        let disk = FaultyDisk()
        let sink = try fixture.sink(
            {
                $0.compression = .zstd
                $0.maxFileBytes = 10
            }, calls: disk.calls)
        _ = try await sink.open()
        let batch = sample.batch([.init(payload: "{\"text\":\"\(String(repeating: "x", count: 17 << 20))\"}")])
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        #expect(size(.zstd) > 0)
        disk.flushError.withLock { $0 = EIO }
        // Taken into memory; the file before it is lost, which the next calls tell.
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        disk.flushError.withLock { $0 = 0 }
        #expect(await sink.write([BatchSlice(batch)]).failure?.reopen == true)
        let failure = await #expect(throws: SinkFailure.self) { try await sink.flush() }
        #expect(failure?.reopen == true)
        await sink.close()
    }
}
