import Synchronization

@testable import CoreIngest

/// A registry whose texts and failures are set, and whose questions are counted.
final class RecordingRegistry: WritableSchemaRegistry {
    private struct State {
        var texts: [String: String] = [:]
        var isDown = false
        var questions = 0
        var published: [String] = []
    }
    private let state = Mutex(State())

    var description: String { "recording" }
    var questions: Int { state.withLock { $0.questions } }
    func set(_ name: String, _ text: String?) { state.withLock { $0.texts[name] = text } }
    func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        let (isDown, text) = state.withLock { state in
            state.questions += 1
            return (state.isDown, state.texts[name.description])
        }
        if isDown { throw SchemaError(.unavailable, "down") }
        return text.map { Array($0.utf8) }
    }

    func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        let (isDown, names) = state.withLock { ($0.isDown, Array($0.texts.keys)) }
        if isDown { throw SchemaError(.unavailable, "down") }
        return names.compactMap { SchemaName(parsing: $0) }.filter { $0.vendor == vendor && $0.name == name }.map(
            \.version)
    }

    /// Versions, in the order in which they were published.
    var published: [String] { state.withLock { $0.published } }

    func publish(_ text: [UInt8], as name: SchemaName) throws(SchemaError) {
        if let present = try self.text(of: name) {
            if present == text { return }
            throw SchemaError(.conflict, "another is there")
        }
        state.withLock { state in
            state.texts[name.description] = String(decoding: text, as: UTF8.self)
            state.published.append("\(name.version)")
        }
    }

    func names(most: Int) throws(SchemaError) -> [SchemaName]? {
        let names = state.withLock { Array($0.texts.keys) }
        return Array(names.compactMap { SchemaName(parsing: $0) }.sorted().prefix(most))
    }
}
