/// The `validation` section: what is told of events that fail.
struct ValidationConfiguration: Sendable {
    /// Errors of one event that are looked for.
    var maxErrors: Int
    /// Whether errors quote the values that are wrong.
    var showsValues: Bool
}
