import CoreIngest

/// Which source table each mirror is of: two sources in one table would overwrite each other.
struct TableOrigins {
    private var origins: [ExactText: ExactText] = [:]

    /// Notes that the mirror under a name (folded, as the destination tells names apart) is of a stream. Answers the sentence to say
    /// where it is another table's already.
    mutating func claim(
        _ folded: ExactText, as name: String, for stream: StreamDescriptor, of source: SourceIdentity, remedy: String
    ) -> String? {
        let origin = ExactText("\(stream.qualifiedName) of input \(source.name)")
        if let other = origins[folded], other != origin {
            return
                "\(origin.wrappedValue) and \(other.wrappedValue) would both be mirrored to \(name): \(remedy)"
        }
        origins[folded] = origin
        return nil
    }
}
