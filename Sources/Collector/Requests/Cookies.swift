/// The cookies of a request (RFC 6265, section 4.2).
package enum Cookies {
    /// The value of the first cookie with a name; `header` is the value of `Cookie`.
    package static func value(of name: String, in header: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var start = 0
        while start < header.count {
            var end = start
            while end < header.count, header[end] != UInt8(ascii: ";") { end += 1 }
            while start < end, header[start] == 0x20 { start += 1 }
            if end - start > name.utf8.count, header[start + name.utf8.count] == UInt8(ascii: "="),
                header[start..<start + name.utf8.count].elementsEqual(name.utf8)
            {
                return UnsafeRawBufferPointer(rebasing: header[(start + name.utf8.count + 1)..<end])
            }
            start = end + 1
        }
        return nil
    }
}
