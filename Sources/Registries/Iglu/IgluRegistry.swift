package import CoreIngest
import HTTPClient

/// An Iglu server: `URL/api/schemas/VENDOR/NAME/FORMAT/VERSION`, with the header `apikey`. Behaviour after its documentation.
package struct IgluRegistry: WritableSchemaRegistry {
    private let requests: RegistryRequests

    /// `url`: without `/api`. `requests` has the key in its headers.
    package init(_ requests: RegistryRequests) { self.requests = requests }

    package var description: String { "the Iglu server at \(requests.url)" }

    private func path(_ name: SchemaName) -> String {
        "/api/schemas/\(name.vendor)/\(name.name)/\(name.format)/\(name.version)"
    }

    package func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        let response = try requests.send(.get, path(name))
        switch response.status {
        case 200: return try RegistryRequests.checked(response.body, as: name, from: description)
        // It does not tell what is missing from what the key may not read.
        case 404: return nil
        default: throw RegistryRequests.unexpected(response, from: description)
        }
    }

    package func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        guard SchemaName(vendor: vendor, name: name, version: .first) != nil else { return [] }
        return try list("/api/schemas/\(vendor)/\(name)/jsonschema").map(\.version)
    }

    package func names(most: Int) throws(SchemaError) -> [SchemaName]? {
        Array(try list("/api/schemas").sorted().prefix(most))
    }

    /// It lists names as Iglu URIs.
    private func list(_ path: String) throws(SchemaError) -> [SchemaName] {
        let response = try requests.send(.get, path, mostBytes: 16 << 20)
        switch response.status {
        case 200: break
        case 404: return []
        default: throw RegistryRequests.unexpected(response, from: description)
        }
        guard let names = Listing.names(response.body) else {
            throw SchemaError(
                .unavailable, "\(description) lists schemas in a form that is not known: \(response.excerpt(80))")
        }
        return names.compactMap { SchemaName(parsing: $0) }
    }

    package func publish(_ text: [UInt8], as name: SchemaName) throws(SchemaError) {
        if try isPublished(text, as: name) { return }
        let response = try requests.send(
            .put, path(name), headers: ["Content-Type": "application/json"], body: text)
        switch response.status {
        case 200, 201: return
        case 409:
            guard try isPublished(text, as: name) else {
                throw SchemaError(
                    .conflict, "\(description) does not take the version of \(name): \(response.excerpt())")
            }
        case 400, 422:
            throw SchemaError(.malformed, "\(description) refuses the schema \(name): \(response.excerpt())")
        default: throw RegistryRequests.refused(response, from: description)
        }
    }
}
