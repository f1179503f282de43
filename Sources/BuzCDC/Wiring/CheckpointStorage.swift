import CoreIngest
import LogicalDecoding

/// Keeps the checkpoint of one input in the instance's state store, as lines of `key=value`, so that it can be read with the
/// `sqlite3` shell.
struct CheckpointStorage: CheckpointStore {
    /// Why a stored checkpoint cannot be used.
    struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }

    private let store: StateStore
    private let key: String

    init(_ store: StateStore, input: String) {
        self.store = store
        key = "checkpoint/\(input)"
    }

    func load() throws -> SourceCheckpoint? {
        guard let bytes = try store.read(key) else { return nil }
        guard let checkpoint = Self.checkpoint(from: String(decoding: bytes, as: UTF8.self)) else {
            throw Unreadable(
                description:
                    "the state under '\(key)' is not a checkpoint of this version: was the state folder written by "
                    + "a newer buz-cdc? Use that one, or remove the state folder to begin anew with a snapshot")
        }
        return checkpoint
    }

    func save(_ checkpoint: SourceCheckpoint) throws {
        try store.write(key, Array(Self.text(of: checkpoint).utf8))
    }

    static func text(of checkpoint: SourceCheckpoint) -> String {
        """
        format=1
        systemIdentifier=\(checkpoint.systemIdentifier)
        timeline=\(checkpoint.timeline)
        database=\(escaped(checkpoint.database))
        slot=\(escaped(checkpoint.slot))
        publication=\(escaped(checkpoint.publication))
        consistentPoint=\(checkpoint.consistentPoint)
        confirmed=\(checkpoint.confirmed)
        snapshot=\(checkpoint.snapshot.rawValue)
        timelineBegan=\(checkpoint.timelineBegan)
        generation=\(checkpoint.generation)

        """ + (checkpoint.predecessor.map { "predecessor=\($0.generation) \($0.end)\n" } ?? "")
            + (checkpoint.witness.map { "witness=\($0.end) \($0.xid) \($0.time)\n" } ?? "")
    }

    /// Nil when something is missing or malformed.
    static func checkpoint(from text: String) -> SourceCheckpoint? {
        var values: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            let sides = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { return nil }
            values[sides[0]] = sides[1]
        }
        guard values["format"] == "1",
            let systemIdentifier = values["systemIdentifier"].flatMap({ UInt64($0) }),
            let timeline = values["timeline"].flatMap({ UInt32($0) }),
            let database = values["database"].flatMap(unescaped), let slot = values["slot"].flatMap(unescaped),
            let publication = values["publication"].flatMap(unescaped),
            let consistentPoint = values["consistentPoint"].flatMap({ LogSequenceNumber(parsing: $0) }),
            let confirmed = values["confirmed"].flatMap({ LogSequenceNumber(parsing: $0) }),
            let snapshot = values["snapshot"].flatMap({ SourceCheckpoint.SnapshotState(rawValue: String($0)) })
        else { return nil }
        // What earlier versions did not write.
        guard let timelineBegan = LogSequenceNumber(parsing: values["timelineBegan"] ?? "0/0"),
            let generation = UInt64(values["generation"] ?? "0")
        else { return nil }
        let predecessor = values["predecessor"].flatMap(predecessor)
        let witness = values["witness"].flatMap(witness)
        if (predecessor == nil) != (values["predecessor"] == nil) || (witness == nil) != (values["witness"] == nil) {
            return nil
        }
        return SourceCheckpoint(
            systemIdentifier: systemIdentifier, timeline: timeline, timelineBegan: timelineBegan,
            generation: generation, predecessor: predecessor, database: database, slot: slot, publication: publication,
            consistentPoint: consistentPoint, confirmed: confirmed, snapshot: snapshot, witness: witness)
    }

    private static func predecessor(from text: Substring) -> SourceCheckpoint.Ancestry? {
        let words = text.split(separator: " ")
        guard words.count == 2, let generation = UInt64(words[0]), let end = LogSequenceNumber(parsing: words[1]) else {
            return nil
        }
        return SourceCheckpoint.Ancestry(generation: generation, end: end)
    }

    private static func witness(from text: Substring) -> CommitMark? {
        let words = text.split(separator: " ")
        guard words.count == 3, let end = LogSequenceNumber(parsing: words[0]), let xid = UInt32(words[1]),
            let time = Int64(words[2])
        else { return nil }
        return CommitMark(end: end, xid: xid, time: time)
    }

    /// A database's name may hold any character, a line break too.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": out += "%25"
            case "\n": out += "%0A"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func unescaped(_ text: Substring) -> String? {
        OperationsRequest.decoded(text, plusIsSpace: false)
    }
}
