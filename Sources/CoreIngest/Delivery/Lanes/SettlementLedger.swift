/// Turns what one lane has done with a source's batches into "everything up to here is settled".
///
/// Batches in memory settle when they are flushed, later ones on disk as soon as they are parked: those count only once
/// the older ones in memory are settled too.
struct SettlementLedger {
    private var inMemory = 0
    private var flushedThrough: UInt64 = 0
    private var parkedThrough: UInt64 = 0

    /// A batch is queued in memory, or taken back there before it reached the disk.
    mutating func queued() { inMemory += 1 }

    /// A batch in memory is settled. Answers up to where everything is.
    mutating func flushed(_ sequence: UInt64) -> UInt64 {
        inMemory -= 1
        flushedThrough = max(flushedThrough, sequence)
        return through
    }

    /// A batch is safe on disk. Answers up to where everything is settled.
    mutating func parked(_ sequence: UInt64) -> UInt64 {
        parkedThrough = max(parkedThrough, sequence)
        return through
    }

    var through: UInt64 { inMemory == 0 ? max(flushedThrough, parkedThrough) : flushedThrough }
}
