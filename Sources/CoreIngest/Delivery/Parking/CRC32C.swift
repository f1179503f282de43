import CLinux

/// The Castagnoli checksum (RFC 3720, appendix B.4), eight bytes at a step: by the processor's instruction, or by tables where it
/// has none.
package enum CRC32C {
    private static let isInProcessor = shim_has_crc32c() != 0
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for value in 0..<256 {
            var crc = UInt32(value)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            tables[value] = crc
        }
        for table in 1..<8 {
            for value in 0..<256 {
                let previous = tables[(table - 1) * 256 + value]
                tables[table * 256 + value] = previous >> 8 ^ tables[Int(previous & 0xFF)]
            }
        }
        return tables
    }()

    /// `before`: the checksum of the bytes that come before these, where they lie elsewhere.
    package static func checksum(_ bytes: UnsafeRawBufferPointer, after before: UInt32 = 0) -> UInt32 {
        guard isInProcessor, let base = bytes.baseAddress else { return byTables(bytes, after: before) }
        let words = bytes.count / 8
        let crc = shim_crc32c(~before, base, words)
        return byTables(UnsafeRawBufferPointer(rebasing: bytes[(words * 8)...]), after: ~crc)
    }

    static func byTables(_ bytes: UnsafeRawBufferPointer, after before: UInt32) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var crc = ~before
            var index = 0
            while index + 8 <= bytes.count {
                let word =
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(crc)
                crc = 0
                for step in 0..<8 { crc ^= tables[(7 - step) * 256 + Int(word >> UInt64(step * 8) & 0xFF)] }
                index += 8
            }
            while index < bytes.count {
                crc = crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[index])) & 0xFF)]
                index += 1
            }
            return ~crc
        }
    }
}
