package import CoreIngest
import HTTPClient
import Synchronization

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
    private let known: KnownTags

    package init(_ requests: RegistryRequests, layout: Layout = .iglu) {
        self.requests = requests
        self.layout = layout
        known = KnownTags(mostBytes: 4 * requests.mostBytes)
    }

    package var description: String { "the web registry at \(requests.url)" }

    private func path(_ name: SchemaName) -> String {
        switch layout {
        case .iglu: "/\(name.vendor)/\(name.name)/\(name.format)/\(name.version)"
        case .buz: "/\(name.path).json"
        }
    }

    package func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        let kept = known[name]
        let response = try requests.send(
            .get, path(name), headers: kept.map { ["If-None-Match": $0.tag] } ?? [:])
        switch response.status {
        case 200:
            let text = try RegistryRequests.checked(response.body, as: name, from: description)
            known[name] = response.headers["ETag"].map { KnownTags.Entry(tag: $0, text: text) }
            return text
        case 304:
            guard let kept else { throw RegistryRequests.unexpected(response, from: description) }
            return kept.text
        case 404, 410:
            known[name] = nil
            return nil
        default: throw RegistryRequests.unexpected(response, from: description)
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
        if let present = try self.text(of: name) {
            if SchemaText.areEqual(present, text) { return }
            throw conflict(name)
        }
        let response = try requests.send(
            .put, path(name), headers: ["If-None-Match": "*", "Content-Type": "application/json"], body: text)
        switch response.status {
        case 200, 201, 204: return
        case 409, 412:
            if let present = try self.text(of: name), SchemaText.areEqual(present, text) { return }
            throw conflict(name)
        default: throw RegistryRequests.refused(response, from: description)
        }
    }

    private func conflict(_ name: SchemaName) -> SchemaError {
        SchemaError(
            .conflict,
            "\(description) has another schema under the name \(name); publish the new one as its next version")
    }
}

/// The tags of schemas with their texts, bounded in bytes. Any thread.
private final class KnownTags: Sendable {
    struct Entry: Sendable {
        var tag: String
        var text: [UInt8]
    }

    private let entries = Mutex<(all: [SchemaName: Entry], bytes: Int)>(([:], 0))
    private let mostBytes: Int

    init(mostBytes: Int) { self.mostBytes = mostBytes }

    subscript(name: SchemaName) -> Entry? {
        get { entries.withLock { $0.all[name] } }
        set {
            entries.withLock { state in
                if let before = state.all.removeValue(forKey: name) { state.bytes -= before.text.count }
                guard let newValue else { return }
                // Without tags everything is sent once more, which is all that is lost.
                if state.bytes + newValue.text.count > mostBytes { state = ([:], 0) }
                state.all[name] = newValue
                state.bytes += newValue.text.count
            }
        }
    }
}
