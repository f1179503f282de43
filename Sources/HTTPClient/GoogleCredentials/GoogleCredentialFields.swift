import CoreIngest

/// The members of one object of a file of credentials; what is missing or of another kind is an error that names file and member.
struct GoogleCredentialFields {
    let view: JSONView
    let object: Int
    let name: String

    init(_ view: JSONView, _ object: Int, name: String) {
        self.view = view
        self.object = object
        self.name = name
    }

    func wrong(_ member: String, _ what: String) -> GoogleCredentialError {
        GoogleCredentialError(.misconfigured, "\(name) is no file of Google credentials: \(member) \(what)")
    }

    func optionalText(_ member: String) -> String? {
        view.member(object, named: member).flatMap { view.string($0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    func text(_ member: String) throws(GoogleCredentialError) -> String {
        guard let text = optionalText(member) else { throw wrong(member, "is missing") }
        return text
    }

    /// Of `https`, or of this machine: secrets are sent there.
    func url(_ member: String, default fallback: String? = nil) throws(GoogleCredentialError) -> String {
        guard let url = optionalText(member) ?? fallback else { throw wrong(member, "is missing") }
        guard let origin = HTTPOrigin(url) else { throw wrong(member, "is not an address") }
        guard origin.scheme == "https" || ["127.0.0.1", "localhost", "[::1]"].contains(origin.host) else {
            throw wrong(member, "does not begin with https://, and secrets would be sent there")
        }
        return url
    }

    func texts(_ member: String) throws(GoogleCredentialError) -> [String] {
        guard let list = view.member(object, named: member) else { return [] }
        var texts: [String] = []
        for element in view.elements(list) {
            guard let text = view.string(element) else { throw wrong(member, "is not a list of texts") }
            texts.append(text)
        }
        return texts
    }

    func optionalInteger(_ member: String) -> Int? { view.member(object, named: member).flatMap { view.integer($0) } }

    func optionalObject(_ member: String) -> Self? {
        guard let value = view.member(object, named: member), view.kind(value) == .object else { return nil }
        return Self(view, value, name: name)
    }

    func object(_ member: String) throws(GoogleCredentialError) -> Self {
        guard let fields = optionalObject(member) else { throw wrong(member, "is missing") }
        return fields
    }

    /// Texts by name.
    func headers(_ member: String) throws(GoogleCredentialError) -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        guard let value = view.member(object, named: member) else { return headers }
        for field in view.members(value) {
            guard let name = view.string(field.name), let text = view.string(field.value) else {
                throw wrong(member, "has a value that is no text")
            }
            headers.append(name, text)
        }
        return headers
    }
}
