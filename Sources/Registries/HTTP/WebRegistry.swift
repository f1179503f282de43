package import CoreIngest
import HTTPClient

/// A registry of plain files behind a web server: `URL/VENDOR/NAME/jsonschema/1-0-0`, or Buz's `URL/VENDOR/A/B/v1.0.json`.
///
/// Asked with `If-None-Match` once an `ETag` is known, so that a schema which has not changed is not sent again. A folder that is
/// asked for with a slash at its end may answer with a JSON array of what is in it, of names or of objects with a `name` (as nginx's
/// `autoindex_format json` does): that gives the versions. Written with PUT, and `If-None-Match: *`, where it is `writable`.
package struct WebRegistry: WritableSchemaRegistry {
    package enum Layout: String, Sendable, CaseIterable {
        case iglu
        case buz
    }

    private let requests: RegistryRequests
    private let layout: Layout
    private let known: KnownTexts

    package init(_ requests: RegistryRequests, layout: Layout = .iglu) {
        self.requests = requests
        self.layout = layout
        known = KnownTexts(mostBytes: 4 * requests.mostBytes)
    }

    package var description: String { "the web registry at \(requests.url)" }

    private func path(_ name: SchemaName) -> String {
        switch layout {
        case .iglu: "/\(name.vendor)/\(name.name)/\(name.format)/\(name.version)"
        case .buz: "/\(name.path).json"
        }
    }

    package func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        try known.text(of: name) { tag throws(SchemaError) in
            let response = try requests.send(.get, path(name), headers: tag.map { ["If-None-Match": $0] } ?? [:])
            switch response.status {
            case 200:
                let text = try RegistryRequests.checked(response.body, as: name, from: description)
                return .text(text, tag: response.headers["ETag"])
            case 304 where tag != nil: return .unchanged
            case 404, 410: return .missing
            default: throw RegistryRequests.unexpected(response, from: description)
            }
        }
    }

    package func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        guard let first = SchemaName(vendor: vendor, name: name, version: .first) else { return [] }
        var folder = path(first)
        folder.removeSubrange((folder.lastIndex(of: "/") ?? folder.startIndex)...)
        let response = try requests.send(.get, folder + "/", mostBytes: 1 << 20)
        switch response.status {
        case 200: break
        // No such folder, or a server that shows none.
        case 403, 404, 405, 410: return []
        default: throw RegistryRequests.unexpected(response, from: description)
        }
        guard let entries = Listing.names(response.body) else {
            throw SchemaError(
                .unavailable,
                "\(description) answers for a folder with what is no JSON array of names: \(response.excerpt(80))")
        }
        return Array(Set(entries.compactMap { version($0, of: first) }))
    }

    private func version(_ entry: String, of name: SchemaName) -> SchemaVersion? {
        let file = entry.split(separator: "/").last ?? ""
        switch layout {
        case .iglu: return SchemaVersion(parsing: file.hasSuffix(".json") ? file.dropLast(5) : file)
        case .buz: return SchemaName(path: "\(name.vendor)/\(name.name)/\(file)")?.version
        }
    }

    package func names(most: Int) throws(SchemaError) -> [SchemaName]? { nil }

    package func publish(_ text: [UInt8], as name: SchemaName) throws(SchemaError) {
        if try isPublished(text, as: name) { return }
        let response = try requests.send(
            .put, path(name), headers: ["If-None-Match": "*", "Content-Type": "application/json"], body: text)
        switch response.status {
        case 200, 201, 204: return
        case 409, 412:
            guard try isPublished(text, as: name) else { throw conflict(name) }
        default: throw RegistryRequests.refused(response, from: description)
        }
    }
}
