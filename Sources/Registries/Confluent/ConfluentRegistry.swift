package import CoreIngest
import HTTPClient

/// A Confluent schema registry, with subjects of type JSON. Behaviour after its documented REST API.
///
/// The schema `iglu:VENDOR/NAME/jsonschema/1-0-N` is version N + 1 of the subject `VENDOR.NAME`. The registry numbers versions by
/// itself, so that there is no other model or revision, and a version is published only as the next one. Names with dots
/// are not kept there: their subjects could be those of others.
package struct ConfluentRegistry: WritableSchemaRegistry {
    private let requests: RegistryRequests
    private static let media = "application/vnd.schemaregistry.v1+json"

    package init(_ requests: RegistryRequests) { self.requests = requests }

    package var description: String { "the Confluent schema registry at \(requests.url)" }

    private func subject(_ vendor: String, _ name: String) -> String? {
        guard !name.contains("."), SchemaName(vendor: vendor, name: name, version: .first) != nil else { return nil }
        return "/subjects/\(vendor).\(name)"
    }

    package func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        guard let path = subject(name.vendor, name.name), name.format == "jsonschema", name.version.model == 1,
            name.version.revision == 0
        else { return nil }
        // The text is escaped in the answer, so that half of its bytes may be backslashes.
        let response = try requests.send(
            .get, "\(path)/versions/\(name.version.addition + 1)", mostBytes: 2 * requests.mostBytes + 4096)
        switch response.status {
        case 200: break
        // 40401 no such subject, 40402 no such version.
        case 404: return nil
        default: throw RegistryRequests.unexpected(response, from: description)
        }
        guard response.member("schemaType") == "JSON",
            let schema = response.member("schema")
        else {
            throw SchemaError(.malformed, "\(description) has \(name) as a schema of another type than JSON")
        }
        guard schema.utf8.count <= requests.mostBytes else {
            throw SchemaError(.tooLarge, "\(description) has \(name) with more than \(requests.mostBytes) bytes")
        }
        return try RegistryRequests.checked(Array(schema.utf8), as: name, from: description)
    }

    package func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        guard let path = subject(vendor, name) else { return [] }
        let response = try requests.send(.get, "\(path)/versions", mostBytes: 1 << 20)
        switch response.status {
        case 200: break
        case 404: return []
        default: throw RegistryRequests.unexpected(response, from: description)
        }
        guard let numbers = Listing.integers(response.body) else {
            throw SchemaError(
                .unavailable, "\(description) lists versions in a form that is not known: \(response.excerpt(80))")
        }
        return numbers.filter { (1...1_000_000).contains($0) }.map {
            SchemaVersion(model: 1, revision: 0, addition: $0 - 1)
        }
    }

    package func names(most: Int) throws(SchemaError) -> [SchemaName]? {
        let response = try requests.send(.get, "/subjects", mostBytes: 16 << 20)
        guard response.status == 200, let subjects = Listing.names(response.body) else {
            throw RegistryRequests.unexpected(response, from: description)
        }
        var names: [SchemaName] = []
        for subject in subjects.sorted() where names.count < most {
            guard let dot = subject.lastIndex(of: ".") else { continue }
            let (vendor, name) = (String(subject[..<dot]), String(subject[subject.index(after: dot)...]))
            for version in try versions(vendor: vendor, name: name) {
                if let name = SchemaName(vendor: vendor, name: name, version: version) { names.append(name) }
            }
        }
        return Array(names.sorted().prefix(most))
    }

    package func publish(_ text: [UInt8], as name: SchemaName) throws(SchemaError) {
        if try isPublished(text, as: name) { return }
        let next = (try versions(vendor: name.vendor, name: name.name).max()?.addition ?? -1) + 1
        guard let path = subject(name.vendor, name.name), name.format == "jsonschema",
            name.version == SchemaVersion(model: 1, revision: 0, addition: next)
        else {
            throw SchemaError(
                .conflict,
                "\(description) numbers versions by itself: of \(name.vendor)/\(name.name) it can take only 1-0-\(next) next, of a name without dots"
            )
        }
        var body = ByteArena(capacity: text.count * 2)
        body.append("{\"schemaType\":\"JSON\",\"schema\":")
        body.appendJSONString(text: String(decoding: text, as: UTF8.self))
        body.append("}")
        let response = try requests.send(
            .post, "\(path)/versions", headers: ["Content-Type": Self.media], body: Array(body.bytes))
        switch response.status {
        case 200: break
        case 409:
            throw SchemaError(
                .conflict, "\(description) finds \(name) incompatible with the version before: \(response.excerpt())")
        case 422: throw SchemaError(.malformed, "\(description) refuses the schema \(name): \(response.excerpt())")
        default: throw RegistryRequests.refused(response, from: description)
        }
        // Another writer may have been faster.
        guard let present = try self.text(of: name), SchemaText.areEqual(present, text) else {
            throw SchemaError(.conflict, "\(description) has given the version of \(name) to another schema meanwhile")
        }
    }
}
