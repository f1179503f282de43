#if canImport(Glibc)
    import Glibc
#endif

/// Patterns that a comparison decides: most of those that schemas have.
enum PatternShortcut: Hashable, Sendable {
    /// Whatever the text is.
    case always
    case equals([UInt8])
    case prefix([UInt8])
    case suffix([UInt8])
    case contains([UInt8])
    /// The whole text is one of these.
    case oneOf([[UInt8]])
    /// Only characters of the set, so many.
    case run(ScalarRun)

    /// - Parameter tree: simplified.
    /// - Returns: nil where no comparison decides it.
    init?(_ tree: PatternTree) {
        if tree.isNullable(atStart: true, atEnd: false) || tree.isNullable(atStart: false, atEnd: true) {
            self = .always
            return
        }
        if case .alternatives(let parts) = tree {
            // ^a$|^b$
            let literals = parts.compactMap { part -> [UInt8]? in
                if case .equals(let bytes) = PatternShortcut(part) { bytes } else { nil }
            }
            guard literals.count == parts.count else { return nil }
            self = .oneOf(literals)
            return
        }
        var parts = [tree][...]
        if case .sequence(let inner) = tree { parts = inner[...] }
        let isFromStart = parts.first == .start
        if isFromStart { parts = parts.dropFirst() }
        let isToEnd = parts.last == .end
        if isToEnd { parts = parts.dropLast() }
        if !isFromStart { parts = parts.drop { $0.isNullable(atStart: false, atEnd: false) } }
        if !isToEnd { while parts.last?.isNullable(atStart: false, atEnd: false) == true { parts = parts.dropLast() } }
        if let literal = Self.literal(parts) {
            switch (isFromStart, isToEnd) {
            case (true, true): self = .equals(literal)
            case (true, false): self = .prefix(literal)
            case (false, true): self = .suffix(literal)
            case (false, false):
                if literal.count > Self.longestSought { return nil }
                self = .contains(literal)
            }
            return
        }
        guard isFromStart, isToEnd, parts.count == 1, let part = parts.first else { return nil }
        switch part {
        case .alternatives(let choices):
            let literals = choices.compactMap { Self.literal([$0]) }
            guard literals.count == choices.count else { return nil }
            self = .oneOf(literals)
        case .repetition(.set(let set), let count, _):
            self = .run(ScalarRun(set, least: count.least, most: count.most))
        case .set(let set): self = .run(ScalarRun(set, least: 1, most: 1))
        case .sequence, .capture, .repetition, .start, .end, .wordBoundary, .notWordBoundary, .look, .reference:
            return nil
        }
    }

    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .always: true
        case .equals(let bytes): bytes.count == text.count && bytes.elementsEqual(text)
        case .prefix(let bytes): bytes.count <= text.count && bytes.elementsEqual(text.prefix(bytes.count))
        case .suffix(let bytes): bytes.count <= text.count && bytes.elementsEqual(text.suffix(bytes.count))
        case .contains(let bytes): Self.contains(text, bytes)
        case .oneOf(let literals): literals.contains { $0.count == text.count && $0.elementsEqual(text) }
        case .run(let run): run.matches(text)
        }
    }

    var byteCount: Int {
        switch self {
        case .always: 0
        case .equals(let bytes), .prefix(let bytes), .suffix(let bytes), .contains(let bytes): bytes.count
        case .oneOf(let literals): literals.reduce(0) { $0 + $1.count + MemoryLayout<[UInt8]>.size }
        case .run(let run): run.byteCount
        }
    }

    private static func literal(_ parts: ArraySlice<PatternTree>) -> [UInt8]? {
        var bytes: [UInt8] = []
        for part in parts {
            if case .sequence(let inner) = part {
                guard let text = literal(inner[...]) else { return nil }
                bytes += text
                continue
            }
            guard case .set(let set) = part, let point = set.single, let scalar = Unicode.Scalar(point) else {
                return nil
            }
            bytes += UTF8.encode(scalar).map(Array.init) ?? []
        }
        return bytes
    }

    /// The longest text that is looked for byte by byte; an automaton finds longer ones without looking twice.
    private static let longestSought = 32

    private static func contains(_ text: UnsafeRawBufferPointer, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard text.count >= bytes.count, let base = text.baseAddress, let first = bytes.first,
                let start = bytes.baseAddress
            else { return bytes.isEmpty }
            var at = 0
            let last = text.count - bytes.count
            while at <= last, let found = memchr(base + at, CInt(first), last - at + 1) {
                if memcmp(found, start, bytes.count) == 0 { return true }
                at = UnsafeRawPointer(found) - base + 1
            }
            return false
        }
    }
}
