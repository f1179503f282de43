import CoreIngest
import Logging

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writes one line per log event to stderr, as text for people or as a JSON object for collectors.
///
/// Text: `2026-11-21T01:42:57.123456Z info  delivered sink=lake rows=12`; values with spaces or quotes are quoted as JSON.
/// One `write` per line: lines of several threads never mix.
struct LineLogHandler: LogHandler {
    enum Style: Sendable { case text, json }

    private let label: String
    private let style: Style
    private let descriptor: Int32
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level

    init(label: String, style: Style, level: Logger.Level, descriptor: Int32 = STDERR_FILENO) {
        self.label = label
        self.style = style
        self.logLevel = level
        self.descriptor = descriptor
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        let fields = all.sorted { $0.key < $1.key }
        var line: String
        switch style {
        case .text: line = text(event, fields)
        case .json: line = json(event, fields)
        }
        line += "\n"
        Output.write(line, to: descriptor)
    }

    private func text(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        let level = event.level.rawValue
        let padding = String(repeating: " ", count: max(0, 7 - level.count))
        var line = "\(Timestamp.text(Timestamp.now())) \(level)\(padding) \(Self.printable("\(event.message)"))"
        for (key, value) in fields { line += " \(key)=\(Self.field("\(value)"))" }
        return line
    }

    private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        let bytes = JSONText.object { out in
            out.member("time", Timestamp.text(Timestamp.now()))
            out.member("level", event.level.rawValue)
            out.member("message", "\(event.message)")
            out.member("logger", label)
            for (key, value) in fields { out.member(key, "\(value)") }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Control characters would let a value forge lines or colours: they are escaped.
    private static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            if scalar.value < 0x20 || scalar.value == 0x7F {
                out += scalar == "\n" ? " " : scalar.escaped(asASCII: true)
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func field(_ text: String) -> String {
        let plain = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "=" && $0.value != 0x7F }
        if plain && !text.isEmpty { return text }
        var arena = ByteArena(capacity: text.utf8.count + 16)
        arena.appendJSONString(text: text)
        return String(decoding: arena.bytes, as: UTF8.self)
    }
}
