/// Temporary tables in which rows wait, outside of any transaction, until one takes all of them over. They live as long as the session
/// and are used again: making a table costs Redshift more than emptying one.
final class RedshiftStages {
    private var stages: [(name: String, definition: String, isFree: Bool)] = []
    private var number = 0
    private static let most = 64

    /// An empty stage with some columns, as SQL writes them.
    func take(
        _ columns: [(name: String, type: RedshiftType)], _ session: RedshiftSession
    ) throws(PostgresFailure) -> String {
        let definition = columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
        if let index = stages.firstIndex(where: { $0.isFree && $0.definition == definition }) {
            try session.define("TRUNCATE TABLE \(stages[index].name)")
            stages[index].isFree = false
            return stages[index].name
        }
        if stages.count >= Self.most, let index = stages.firstIndex(where: \.isFree) {
            try session.define("DROP TABLE \(stages[index].name)")
            stages.remove(at: index)
        }
        number += 1
        let name = "buz_stage_\(number)"
        try session.define("CREATE TEMP TABLE \(name) (\(definition))")
        stages.append((name, definition, false))
        return name
    }

    /// What lies in the stages is not needed any more.
    func free() {
        for index in stages.indices { stages[index].isFree = true }
    }
}
