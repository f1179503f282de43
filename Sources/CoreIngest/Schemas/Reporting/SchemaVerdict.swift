/// What a rendered `validationError` says in short: its line for people, and the key of its group.
struct SchemaVerdict {
    var message: String
    /// Nil where there is no key: what is wrong is not known.
    var groupKey: String?

    /// `text`: as ``SchemaReport/render(to:)`` writes it; may be empty.
    init(_ text: String) {
        message = text.isEmpty ? "The payload breaks its schema." : text
        guard !text.isEmpty, let document = try? JSONDocument(text) else { return }
        let view = document.view
        guard view.kind(0) == .object else { return }
        if let line = view.member(0, named: "message").flatMap({ view.string($0) }) { message = line }
        groupKey = view.member(0, named: "groupKey").flatMap { view.string($0) }
    }
}
