import CLibYAML

/// Reads a YAML file into a tree of ``ConfigurationNode`` by libyaml's events.
///
/// What could surprise is refused with its place: more than one document, duplicate keys, tags, anchors and aliases (which
/// also blow small files up), keys that are not plain text, more than ``maxDepth`` levels, more than ``maxBytes``.
package struct ConfigurationReader {
    /// 1 MiB.
    package static let maxBytes = 1 << 20
    package static let maxDepth = 32

    private let file: String
    private var open: [Open] = []
    private var root: ConfigurationNode?

    /// A mapping or sequence whose end has not come.
    private struct Open {
        let position: SourcePosition
        let isMapping: Bool
        var items: [ConfigurationNode] = []
        var entries: [ConfigurationNode.Entry] = []
        var known: [String: SourcePosition] = [:]
        var key: (text: String, position: SourcePosition)?
    }

    private init(file: String) { self.file = file }

    /// Reads the file at `path`; the path is also the name in every position.
    package static func read(path: String) throws(ConfigurationError) -> ConfigurationNode {
        let bytes: [UInt8]
        do throws(BoundedFile.Failure) {
            bytes = try BoundedFile.read(path, limit: maxBytes, regularOnly: false)
        } catch {
            throw ConfigurationError(nil, "the configuration file \(quoted(path)) \(error.reason)")
        }
        return try parse(bytes, file: path)
    }

    /// Reads the bytes of a file that is called `file` in positions.
    package static func parse(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> ConfigurationNode {
        guard bytes.count <= maxBytes else {
            throw ConfigurationError(
                nil, "the configuration file \(quoted(file)) is larger than \(ByteSizeText.text(maxBytes))")
        }
        try ConfigurationText.check(bytes, file: file)
        var reader = ConfigurationReader(file: file)
        return try reader.run(bytes)
    }

    private mutating func run(_ bytes: [UInt8]) throws(ConfigurationError) -> ConfigurationNode {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else {
            throw ConfigurationError(nil, "no memory for the YAML parser")
        }
        defer { yaml_parser_delete(&parser) }
        let input = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        defer { input.deallocate() }
        input.initialize(from: bytes, count: bytes.count)
        yaml_parser_set_input_string(&parser, input, bytes.count)
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(&parser, &event) == 1 else { throw syntaxError(parser) }
            let isEnd = event.type == YAML_STREAM_END_EVENT
            let outcome = Result { () throws(ConfigurationError) in try take(event) }
            yaml_event_delete(&event)
            try outcome.get()
            if isEnd { break }
        }
        guard let root else {
            throw ConfigurationError(
                SourcePosition(file: file, line: 1, column: 1),
                "the file is empty; 'buz-cdc config example' prints one to begin with")
        }
        return root
    }

    private mutating func take(_ event: yaml_event_t) throws(ConfigurationError) {
        let here = position(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            if root != nil {
                throw ConfigurationError(here, "a second document begins; remove it and the '---' before it")
            }
        case YAML_ALIAS_EVENT:
            throw ConfigurationError(
                here, "aliases are not supported; write the value out, or quote a text that begins with '*'")
        case YAML_SCALAR_EVENT:
            try refuse(anchor: event.data.scalar.anchor, tag: event.data.scalar.tag, at: here)
            let text = string(event.data.scalar.value, count: event.data.scalar.length)
            let isPlain = event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE
            try add(ConfigurationNode(position: here, content: .scalar(text, isPlain ? .plain : .quoted)))
        case YAML_SEQUENCE_START_EVENT:
            try refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag, at: here)
            try begin(Open(position: here, isMapping: false))
        case YAML_MAPPING_START_EVENT:
            try refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag, at: here)
            try begin(Open(position: here, isMapping: true))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            guard let done = open.popLast() else { return }
            let content: ConfigurationNode.Content = done.isMapping ? .mapping(done.entries) : .sequence(done.items)
            try add(ConfigurationNode(position: done.position, content: content))
        default: break
        }
    }

    private mutating func begin(_ container: Open) throws(ConfigurationError) {
        if let parent = open.last, parent.isMapping, parent.key == nil {
            throw ConfigurationError(container.position, "a key must be plain text, not a section or a list")
        }
        guard open.count < Self.maxDepth else {
            throw ConfigurationError(container.position, "more than \(Self.maxDepth) levels deep")
        }
        open.append(container)
    }

    /// Puts a finished value where it belongs: into the innermost open container, or at the root.
    private mutating func add(_ node: ConfigurationNode) throws(ConfigurationError) {
        guard let last = open.indices.last else {
            root = node
            return
        }
        guard open[last].isMapping else {
            open[last].items.append(node)
            return
        }
        if let key = open[last].key {
            open[last].entries.append(.init(key: key.text, keyPosition: key.position, value: node))
            open[last].key = nil
            return
        }
        guard case .scalar(let text, _) = node.content else { return }
        if let first = open[last].known.updateValue(node.position, forKey: text) {
            throw ConfigurationError(
                node.position,
                "the key \(quoted(text)) is here a second time, first in line \(first.line); remove one of them")
        }
        open[last].key = (text, node.position)
    }

    private func refuse(
        anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?, at position: SourcePosition
    ) throws(ConfigurationError) {
        if anchor != nil {
            throw ConfigurationError(position, "anchors are not supported; quote a text that begins with '&'")
        }
        if tag != nil {
            throw ConfigurationError(position, "tags are not supported; quote a text that begins with '!'")
        }
    }

    private func syntaxError(_ parser: yaml_parser_t) -> ConfigurationError {
        let problem = parser.problem.map { String(cString: $0) } ?? "it cannot be parsed"
        let context = parser.context.map { String(cString: $0) + ": " } ?? ""
        return ConfigurationError(
            position(parser.problem_mark),
            "not YAML: \(context)\(problem); look at the indentation here, and quote values that hold one of : # { } [ ] , & * !"
        )
    }

    private func position(_ mark: yaml_mark_t) -> SourcePosition {
        SourcePosition(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private func string(_ bytes: UnsafeMutablePointer<yaml_char_t>?, count: Int) -> String {
        String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }
}
