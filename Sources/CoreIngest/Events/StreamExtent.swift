/// The first and the last record of one stream in a batch.
package struct StreamExtent: Sendable, Equatable {
    /// Index into the batch's streams.
    package var stream: Int
    package var first: Int
    package var last: Int

    /// By stream, those with records only. Looks at records from both ends, and at few of them where streams take turns.
    static func all(of records: [EventRecord], streams: Int) -> [StreamExtent] {
        var extents = (0..<streams).map { StreamExtent(stream: $0, first: records.count, last: -1) }
        records.withUnsafeBufferPointer { records in
            var missing = streams
            for index in records.indices where missing > 0 {
                let stream = Int(records[index].stream)
                guard extents[stream].first == records.count else { continue }
                extents[stream].first = index
                missing -= 1
            }
            missing = streams - missing
            for index in records.indices.reversed() where missing > 0 {
                let stream = Int(records[index].stream)
                guard extents[stream].last < 0 else { continue }
                extents[stream].last = index
                missing -= 1
            }
        }
        extents.removeAll { $0.last < 0 }
        return extents
    }
}
