import CoreIngest

/// Ids of events: UUIDs of version 8 (RFC 9562), the same at each replay.
enum EventID {
    /// 122 bits in this order, so that ids sort by commit: the commit LSN (64), the ordinal (32), and a hash of the
    /// system identifier and the generation (26). Transactions of more than 2^32 events share ids after that many.
    @inline(__always)
    static func change(commit: UInt64, ordinal: UInt64, system: UInt64) -> (high: UInt64, low: UInt64) {
        let bits = (ordinal & 0xFFFF_FFFF) << 26 | system & 0x3FF_FFFF
        return seal(top: commit >> 4, bottom: (commit & 15) << 58 | bits)
    }

    /// 122 bits of a hash. `row`: the hash of table and key, or of the ordinal where there is no key.
    static func snapshotRow(
        lsn: LogSequenceNumber, system: UInt64, table: UInt64, row: UInt64, secondRow: UInt64
    ) -> (high: UInt64, low: UInt64) {
        let begin = KeyHash.combine(KeyHash.combine(system, lsn.rawValue), table)
        return seal(top: KeyHash.combine(begin, row), bottom: KeyHash.combine(~begin, secondRow))
    }

    /// 122 bits of a hash of the position that an announcement is directly before.
    static func announcement(before event: Position, system: UInt64) -> (high: UInt64, low: UInt64) {
        let begin = KeyHash.combine(KeyHash.combine(~system, event.commit), event.ordinal)
        return seal(top: begin, bottom: KeyHash.combine(~begin, event.ordinal))
    }

    /// The part of the history's identity that goes into each id.
    static func systemBits(_ source: SourceIdentity) -> UInt64 {
        let bits = KeyHash.combine(0, source.systemIdentifier)
        return source.generation == 0 ? bits : KeyHash.combine(bits, source.generation)
    }

    /// Puts 60 and 62 bits around the version and the variant.
    @inline(__always)
    private static func seal(top: UInt64, bottom: UInt64) -> (high: UInt64, low: UInt64) {
        let top = top & 0xFFF_FFFF_FFFF_FFFF
        return (
            high: (top >> 12) << 16 | 0x8000 | top & 0xFFF,
            low: 0x8000_0000_0000_0000 | bottom & 0x3FFF_FFFF_FFFF_FFFF
        )
    }
}
