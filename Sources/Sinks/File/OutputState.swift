import CoreIngest
import Glibc

/// The small hidden file beside an output, `.NAME.state`: a lock, so that no two sinks write the same output, and what
/// was durable at the last flush.
///
/// It is text, overwritten in place after every flush and not flushed itself: the files it speaks of are durable
/// before it is written, so it can be old or damaged (the checksum tells) but never say too much.
final class OutputState {
    private let descriptor: Int32
    private let path: String

    /// Takes the lock.
    init(_ output: OutputName, in directory: OutputDirectory) throws(SinkFailure) {
        let text = ".\(output).state"
        path = "\(directory.path)/\(text)"
        descriptor = openat(directory.descriptor, text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 { throw .system(errno, "opening \(path)", reopen: true) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let error = errno
            guard error == EWOULDBLOCK else { throw .system(error, "locking \(path)", reopen: true) }
            throw SinkFailure(
                .misconfigured,
                "another sink or process writes the output '\(output)' in \(directory.path); give each its own output or path",
                reopen: true)
        }
    }

    deinit {
        // Closing alone would leave the lock to a process that was forked meanwhile, until it calls exec.
        flock(descriptor, LOCK_UN)
        Glibc.close(descriptor)
    }

    /// What was durable at a flush.
    struct Checkpoint: Equatable {
        /// Each output's newest file and its bytes.
        var files: [String: Int] = [:]
        /// The last event of each source.
        var positions: [SourceIdentity: Position] = [:]
    }

    /// The last checkpoint; nil where there is none, or it is damaged.
    func read() -> Checkpoint? {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return nil }
        return Self.parse(String(decoding: bytes[..<count], as: UTF8.self))
    }

    /// Keeps a checkpoint. A failure is not reported: the old one stays true, and costs repeated events after a crash.
    func write(_ checkpoint: Checkpoint) {
        var text = Self.text(checkpoint)
        _ = text.withUTF8 { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    private static let title = "buz-cdc file sink, state 1"

    static func text(_ checkpoint: Checkpoint) -> String {
        var text = title + "\n"
        for (file, size) in checkpoint.files.sorted(by: { $0.key < $1.key }) { text += "file \(size) \(file)\n" }
        for (source, position) in checkpoint.positions.sorted(by: { $0.key.name < $1.key.name }) {
            // The name as `x` and hexadecimal digits: it may hold any character, or none.
            let name = source.name.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            text += "source \(source.systemIdentifier) \(position.commit) \(position.ordinal) x\(name)"
            text += " \(source.generation)\n"
        }
        return text + "end \(checksum(text))\n"
    }

    static func parse(_ text: String) -> Checkpoint? {
        var checkpoint = Checkpoint()
        var before = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.split(separator: " ")
            switch words.first {
            case "end":
                return words.count == 2 && words[1] == "\(checksum(before))" && before.hasPrefix(title)
                    ? checkpoint : nil
            case "file":
                guard words.count == 3, let size = Int(words[1]), size >= 0 else { return nil }
                checkpoint.files[String(words[2])] = size
            case "source":
                // Five words are of a version that did not know generations.
                guard words.count == 5 || words.count == 6, let system = UInt64(words[1]),
                    let commit = UInt64(words[2]),
                    let ordinal = UInt64(words[3]), words[4].first == "x", let name = unhex(words[4].dropFirst()),
                    let generation = words.count == 6 ? UInt64(words[5]) : 0
                else { return nil }
                let source = SourceIdentity(name: name, systemIdentifier: system, generation: generation)
                checkpoint.positions[source] = Position(commit: commit, ordinal: ordinal)
            default:
                if !before.isEmpty { return nil }
            }
            before += line + "\n"
        }
        return nil
    }

    private static func unhex(_ digits: Substring) -> String? {
        let digits = Array(digits)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(digits[index...index + 1]), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// FNV-1a, 64 bits: against a torn write, not against an attacker.
    private static func checksum(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return hash
    }
}
