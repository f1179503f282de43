import CoreIngest

extension HTTPResponse {
    /// A member of the JSON object that the body is; nil where it is none, has no such member, or that is no string.
    package func member(_ name: String) -> String? {
        body.withUnsafeBytes { raw in
            guard let document = try? JSONDocument(raw) else { return nil }
            return document.view.member(0, named: name).flatMap { document.view.string($0) }
        }
    }
}
