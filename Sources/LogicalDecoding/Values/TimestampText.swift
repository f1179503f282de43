/// Timestamps as Postgres writes them with `datestyle=ISO`: `2026-01-02 03:04:05.123456+00`.
enum TimestampText {
    /// Whether this is a date and a time of the years 0 to 9999 and of our era, which ISO 8601 writes with a T. Not so
    /// `infinity`, five-digit years and `BC`, which stay as Postgres gave them.
    @inline(__always)
    static func isCommon(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 19, bytes.count <= 29 else { return false }
        let last = bytes[bytes.count - 1]
        return bytes[4] == UInt8(ascii: "-") && bytes[10] == UInt8(ascii: " ") && bytes[13] == UInt8(ascii: ":")
            && last &- 0x30 < 10
    }

    /// Whether the text ends with the offset of UTC, which the session's time zone makes it do.
    @inline(__always)
    static func endsInUTC(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let count = bytes.count
        return count > 3 && bytes[count - 3] == UInt8(ascii: "+") && bytes[count - 2] == UInt8(ascii: "0")
            && bytes[count - 1] == UInt8(ascii: "0")
    }
}
