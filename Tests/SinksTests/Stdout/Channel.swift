import Glibc
import Testing

/// Two descriptors of which one reads what the other writes: a pipe, or a pseudo-terminal. Closed with the object.
final class Channel {
    private(set) var reading: Int32
    let writing: Int32
    /// Path of a pseudo-terminal.
    let path: String

    static func pipe() throws -> Channel {
        var ends: [Int32] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        return Channel(reading: ends[0], writing: ends[1], path: "")
    }

    /// The terminal in raw mode, so that it passes bytes on as they are.
    static func terminal() throws -> Channel {
        // Swift's Glibc module leaves the functions of pty.h out, so it is looked up by its name.
        typealias OpenPTY =
            @convention(c) (
                UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<CChar>?,
                UnsafeRawPointer?,
                UnsafeRawPointer?
            ) -> Int32
        let openPTY = unsafeBitCast(try #require(dlsym(dlopen(nil, RTLD_NOW), "openpty")), to: OpenPTY.self)
        var master: Int32 = -1
        var slave: Int32 = -1
        var name = [CChar](repeating: 0, count: 256)
        try #require(openPTY(&master, &slave, &name, nil, nil) == 0)
        let path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        var mode = termios()
        tcgetattr(slave, &mode)
        cfmakeraw(&mode)
        tcsetattr(slave, TCSANOW, &mode)
        return Channel(reading: master, writing: slave, path: path)
    }

    private init(reading: Int32, writing: Int32, path: String) {
        self.reading = reading
        self.writing = writing
        self.path = path
    }

    deinit {
        closeReading()
        close(writing)
    }

    func closeReading() {
        if reading >= 0 { close(reading) }
        reading = -1
    }

    /// What can be read at once.
    func available() -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var entry = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 0) > 0, entry.revents & Int16(POLLIN) != 0 else { break }
            let count = read(reading, &buffer, buffer.count)
            if count <= 0 { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
