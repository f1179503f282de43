package import CoreIngest

/// Which source table each mirror is of: two sources in one table would overwrite each other. The first that comes has the mirror, also
/// after a restart, whichever comes first then.
package struct TableOrigins {
    private let state: StateStore?
    private let sink: String
    private var origins: [ExactText: ExactText] = [:]

    private static let prefix = "mirrors/"
    private static let infix = " of input "

    /// `state`: where it is kept; without, only as long as this lives.
    init(_ state: StateStore?, sink: String) {
        self.state = state
        self.sink = sink
    }

    /// Notes that the mirror under a name (folded, as the destination tells names apart) is of a stream; durable on return. Throws where
    /// it is another table's already, so that the stream's events are to be refused, and where that cannot be read or kept now.
    mutating func claim(
        _ folded: ExactText, as name: String, for stream: StreamDescriptor, of source: SourceIdentity
    ) throws(TableRefusal) {
        let origin = ExactText("\(stream.qualifiedName)\(Self.infix)\(source.name)")
        let key = "\(Self.prefix)\(sink)/\(folded.wrappedValue)"
        if origins[folded] == nil {
            do throws(StateError) {
                if let kept = try state?.read(key) {
                    origins[folded] = ExactText(String(decoding: kept, as: UTF8.self))
                } else {
                    try state?.write(key, Array(origin.wrappedValue.utf8))
                    origins[folded] = origin
                }
            } catch {
                throw TableRefusal(error.message, canBeMended: true)
            }
        }
        guard let owner = origins[folded], owner != origin else { return }
        let forget = "DELETE FROM state WHERE key = '\(key.replacing("'", with: "''"))'"
        throw TableRefusal(
            "\(origin.wrappedValue) would be mirrored to \(name), which is the mirror of \(owner.wrappedValue): rename one of them, or leave one out of "
                + "`tables`; where \(owner.wrappedValue) is gone for good: sqlite3 state.sqlite \"\(forget)\", in app.stateDir, while it is stopped"
        )
    }

    /// Forgets what belongs to inputs that are not configured any more: a renamed input takes its snapshot into the mirrors that it had.
    package static func forget(inputsOtherThan inputs: [String], in state: StateStore) throws(StateError) {
        for (key, value) in try state.entries(beginning: prefix) {
            let origin = String(decoding: value, as: UTF8.self)
            if !inputs.contains(where: { origin.hasSuffix(infix + $0) }) { try state.remove(key) }
        }
    }
}
