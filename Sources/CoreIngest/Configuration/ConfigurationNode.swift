/// One value of a YAML document with its place. A tree of these is what ``ConfigurationReader`` makes of a file.
package struct ConfigurationNode: Sendable {
    package let position: SourcePosition
    package let content: Content

    package enum Content: Sendable {
        /// The text as YAML means it: quotes and escapes resolved, `${…}` not yet.
        case scalar(String, ScalarStyle)
        /// In the order of the file; keys are unique.
        case mapping([Entry])
        case sequence([ConfigurationNode])
    }

    /// Plain scalars may be read as numbers, booleans and null; quoted ones and blocks are text.
    package enum ScalarStyle: Sendable { case plain, quoted }

    package struct Entry: Sendable {
        package let key: String
        package let keyPosition: SourcePosition
        package let value: ConfigurationNode
    }

    package init(position: SourcePosition, content: Content) {
        self.position = position
        self.content = content
    }

    /// Whether nothing was written: `key:`, `~` or `null`. Read as if the key were not there.
    var isNull: Bool {
        guard case .scalar(let text, .plain) = content else { return false }
        return text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
    }

    /// For messages: what a user would call it.
    var noun: String {
        switch content {
        case .scalar: "a single value"
        case .mapping: "a section"
        case .sequence: "a list"
        }
    }
}
