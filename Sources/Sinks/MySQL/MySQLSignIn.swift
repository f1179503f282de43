import CLibMariaDB
import Glibc
import Synchronization

/// Signs sessions in by `caching_sha2_password` in place of libmariadb's own plugin. That one (3.3) is a file, which a machine may lack, sends the
/// password as it is over an unencrypted connection where TLS was preferred, and is refused by MySQL 9 where TLS is off.
enum MySQLSignIn {
    /// What a plugin answers: `CR_OK`, after which the library reads the server's verdict, and `CR_ERROR`.
    private static let isDone: Int32 = -1
    private static let hasFailed: Int32 = 0

    private static let isRegistered = Mutex(false)

    /// Has the library use it, once in a process. Where a library has its own built in, that one stays.
    static func register(_ handle: UnsafeMutablePointer<MYSQL>) {
        isRegistered.withLock { isRegistered in
            if isRegistered { return }
            isRegistered = true
            // The library keeps it for as long as the process lives.
            let plugin = UnsafeMutablePointer<buz_sign_in_plugin>.allocate(capacity: 1)
            plugin.initialize(to: buz_sign_in_plugin())
            plugin.pointee.name = UnsafePointer(strdup("caching_sha2_password"))
            plugin.pointee.authenticate_user = { MySQLSignIn.signIn($0, $1) }
            _ = buz_register_sign_in(handle, plugin)
        }
    }

    private static func signIn(
        _ channel: UnsafeMutablePointer<MYSQL_PLUGIN_VIO>?, _ session: UnsafeMutablePointer<MYSQL>?
    ) -> Int32 {
        guard let channel, let session else { return hasFailed }
        let password = session.pointee.passwd.map { Array(String(cString: $0).utf8) } ?? []
        var info = MYSQL_PLUGIN_VIO_INFO()
        channel.pointee.info(channel, &info)
        var exchange = CachingSHA2SignIn(password: password)
        guard let scramble = read(channel) else { return hasFailed }
        var step = exchange.begin(scramble)
        while true {
            switch step {
            case .done: return isDone
            case .failed: return hasFailed
            case .sendLast(let bytes): return write(bytes, channel) ? isDone : hasFailed
            case .send(let bytes):
                guard write(bytes, channel), let packet = read(channel) else { return hasFailed }
                // The library begins TLS with the first packet that a plugin sends.
                let isPrivate = mysql_get_ssl_cipher(session) != nil || info.protocol == MYSQL_VIO_SOCKET
                step = exchange.take(packet, isPrivate: isPrivate)
            }
        }
    }

    /// The server's next packet, within the session's time limit; nil where none comes, or an error, which the library keeps.
    private static func read(_ channel: UnsafeMutablePointer<MYSQL_PLUGIN_VIO>) -> [UInt8]? {
        var start: UnsafeMutablePointer<UInt8>?
        let count = channel.pointee.read_packet(channel, &start)
        guard count >= 0, let start else { return nil }
        return Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    private static func write(_ bytes: [UInt8], _ channel: UnsafeMutablePointer<MYSQL_PLUGIN_VIO>) -> Bool {
        channel.pointee.write_packet(channel, bytes, Int32(bytes.count)) == 0
    }
}
