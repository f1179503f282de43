/// The `operations` section: health, metrics and statistics over HTTP.
struct OperationsConfiguration: Sendable {
    var enabled: Bool
    var host: String
    var port: Int
    /// Asked of every request except the health routes, as `Authorization: Bearer …`; nil: none is asked.
    var token: String?
}
