import CoreIngest
import Synchronization

/// Texts of schemas with the tags that their server gave them, so that what has not changed is not sent again. Bounded in bytes. Any
/// thread.
package final class KnownTexts: Sendable {
    /// What a server answers to a question that may have a tag with it.
    package enum Answer: Sendable {
        case missing
        /// It is still what had the tag.
        case unchanged
        case text([UInt8], tag: String?)
    }

    private struct Entry {
        var tag: String
        var text: [UInt8]
    }

    private let entries = Mutex<(all: [SchemaName: Entry], bytes: Int)>(([:], 0))
    private let mostBytes: Int

    init(mostBytes: Int) { self.mostBytes = mostBytes }

    /// The text of a schema; nil for none. `ask`: gets the tag of what is known.
    func text(
        of name: SchemaName, _ ask: (_ tag: String?) throws(SchemaError) -> Answer
    ) throws(SchemaError) -> [UInt8]? {
        let known = entries.withLock { $0.all[name] }
        switch try ask(known?.tag) {
        case .missing:
            keep(nil, name)
            return nil
        // Without a tag in the question it is no answer; another caller cannot have got one either.
        case .unchanged: return known?.text
        case .text(let text, let tag):
            keep(tag.map { Entry(tag: $0, text: text) }, name)
            return text
        }
    }

    private func keep(_ entry: Entry?, _ name: SchemaName) {
        entries.withLock { state in
            if let before = state.all.removeValue(forKey: name) { state.bytes -= before.text.count }
            guard let entry else { return }
            // Without tags everything is sent once more, which is all that is lost.
            if state.bytes + entry.text.count > mostBytes { state = ([:], 0) }
            state.all[name] = entry
            state.bytes += entry.text.count
        }
    }
}
