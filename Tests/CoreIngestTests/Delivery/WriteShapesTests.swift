import CoreIngest
import SinkTesting
import Testing

@testable import CoreIngest

@Suite("One write has each table in one shape") struct WriteShapesTests {
    private static func stream(_ type: String, table: String = "items") -> StreamDescriptor {
        guard let schema = SchemaName(vendor: "com.example", name: "public_items", version: .first) else {
            preconditionFailure("The name is well formed.")
        }
        return StreamDescriptor(
            database: "shop", schemaName: "public", table: table,
            columns: [
                StreamDescriptor.Column(
                    name: "id", sqlType: type, kind: .integer(bits: 32), isNullable: false, isKey: true)
            ], keyColumns: [0], schema: schema, validator: nil)
    }

    /// A batch with one record for each stream named, in order. Positions go on from `commit`.
    private static func batch(_ streams: [StreamDescriptor], commit: UInt64 = 100) -> EventBatch {
        var builder = EventBatchBuilder(capacity: 16)
        for (ordinal, stream) in streams.enumerated() {
            var record = EventRecord()
            record.position = Position(commit: commit, ordinal: UInt64(ordinal))
            record.operation = .create
            record.stream = builder.index(of: stream)
            builder.append(record)
        }
        return builder.seal(
            source: SourceIdentity(name: "shop", systemIdentifier: 1), acknowledge: commit + 5,
            receivedAt: Timestamp.now())
    }

    /// The ranges of the writes that come of these batches, and which of them end a shape.
    private static func writes(_ batches: [EventBatch], maxEvents: Int = 100) -> [String] {
        var window = LaneWindow()
        for (index, batch) in batches.enumerated() {
            window.append(
                QueuedBatch(batch: batch, source: 0, sequence: UInt64(index + 1), start: 0), excluded: [],
                durable: .start)
        }
        var found: [String] = []
        while window.hasPending {
            let gathered = window.gather(maxEvents: maxEvents, maxBytes: .max)
            let ranges = zip(gathered.slices, gathered.owners).map { "\($1):\($0.range)" }
            found.append(ranges.joined(separator: " ") + (gathered.endsShape ? " |" : ""))
            window.took(gathered)
        }
        return found
    }

    private static let old = stream("integer")
    private static let new = stream("text")
    private static let other = stream("integer", table: "others")

    @Test func aChangeWithinABatchEndsTheWrite() {
        #expect(
            Self.writes([Self.batch([Self.old, Self.other, Self.old, Self.new, Self.other])]) == [
                "0:0..<3 |", "0:3..<5",
            ])
    }

    @Test func aChangeBetweenBatchesEndsTheWrite() {
        let batches = [Self.batch([Self.old, Self.old]), Self.batch([Self.other, Self.new], commit: 200)]
        #expect(Self.writes(batches) == ["0:0..<2 1:0..<1 |", "1:1..<2"])
        let atOnce = [Self.batch([Self.old]), Self.batch([Self.new], commit: 200)]
        #expect(Self.writes(atOnce) == ["0:0..<1 |", "1:0..<1"])
    }

    @Test func aShapeThatComesBackEndsItAgain() {
        #expect(
            Self.writes([Self.batch([Self.old, Self.new, Self.old, Self.new])])
                == ["0:0..<1 |", "0:1..<2 |", "0:2..<3 |", "0:3..<4"])
    }

    @Test func theSameShapeAnewEndsNothing() {
        let batches = [
            Self.batch([Self.old, Self.stream("integer")]), Self.batch([Self.stream("integer")], commit: 200),
        ]
        #expect(Self.writes(batches) == ["0:0..<2 1:0..<1"])
    }

    @Test func boundsOfAWriteStand() {
        #expect(
            Self.writes([Self.batch([Self.old, Self.old, Self.old, Self.new, Self.new])], maxEvents: 2)
                == ["0:0..<2", "0:2..<3 |", "0:3..<5"])
    }
}
