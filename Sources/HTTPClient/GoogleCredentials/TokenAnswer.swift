import CoreIngest

/// A JSON object that a server of tokens answered.
struct TokenAnswer {
    private let document: JSONDocument

    /// Nil when the bytes are no JSON object.
    init?(_ bytes: [UInt8]) {
        let read = bytes.withUnsafeBytes { text in
            Result { () throws(JSONError) in try JSONDocument(text, limits: JSONLimits(depth: 20)) }
        }
        guard case .success(let document) = read, document.view.kind(0) == .object else { return nil }
        self.document = document
    }

    func text(_ member: String) -> String? {
        document.view.member(0, named: member).flatMap { document.view.string($0) }
    }

    /// Seconds; some servers write them as a text.
    func integer(_ member: String) -> Int? {
        document.view.member(0, named: member).flatMap { document.view.integer($0) } ?? text(member).flatMap { Int($0) }
    }

    /// The message of an error in the form of Google's APIs: `{"error": {"message": …}}`.
    var errorMessage: String? {
        let view = document.view
        return view.member(0, named: "error").flatMap { view.member($0, named: "message") }.flatMap { view.string($0) }
    }
}
