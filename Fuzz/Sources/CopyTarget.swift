import CoreIngest

@testable import LogicalDecoding

/// Lines of COPY, each with its newline, as rows of ``SampleTable/relation``.
enum CopyTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        var decoder = CopyRowDecoder(
            relation: SampleTable.relation, settings: SampleTable.settings,
            catalog: Catalog(types: SampleTable.types), streams: SampleTable.streams,
            snapshotLSN: LogSequenceNumber(500), snapshotTime: 9)
        var builder = EventBatchBuilder(capacity: 4096)
        decoder.mark(.snapshotBegin, ordinal: 0, into: &builder)
        var ordinal: UInt64 = 1
        var start = 0
        while start < input.count {
            let end = input[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? input.count
            let line = UnsafeRawBufferPointer(rebasing: input[start..<end])
            let (bytes, records) = (builder.arena.count, builder.records.count)
            do {
                try decoder.decode(line: line, ordinal: ordinal, into: &builder)
            } catch {
                promise(
                    builder.arena.count == bytes && builder.records.count == records,
                    "an error left something: \(error)")
            }
            ordinal += 1
            start = end
        }
        decoder.mark(.snapshotEnd, ordinal: ordinal, into: &builder)
        EventPromises.check(builder.seal(source: SampleTable.settings.source, acknowledge: 0, receivedAt: 0))
    }
}
