import CoreIngest

/// A JSON object that the REST API answered.
struct BigQueryAnswer {
    private let document: JSONDocument

    /// Nil when the bytes are no JSON object.
    init?(_ bytes: [UInt8]) {
        let read = bytes.withUnsafeBytes { text in
            Result { () throws(JSONError) in try JSONDocument(text, limits: JSONLimits(depth: 100)) }
        }
        guard case .success(let document) = read, document.view.kind(0) == .object else { return nil }
        self.document = document
    }

    /// Valid as long as this answer.
    var view: JSONView { document.view }

    /// The value at a path of members.
    func value(_ path: String...) -> Int? {
        var value = 0
        for name in path {
            guard let next = view.member(value, named: name) else { return nil }
            value = next
        }
        return value
    }

    func text(_ value: Int?) -> String? { value.flatMap { view.string($0) } }

    /// A member that is a text.
    func text(_ object: Int, _ member: String) -> String? { text(view.member(object, named: member)) }

    private var firstError: Int? {
        value("error", "errors").flatMap { list in
            var elements = view.elements(list)
            return elements.next()
        }
    }

    /// `quotaExceeded`, `notFound` …
    var errorReason: String? { firstError.flatMap { text($0, "reason") } }
    var errorMessage: String? { text(value("error", "message")) }
}
