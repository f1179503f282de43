/// Tells what a stream's events are checked against, when that may change while the stream is in use: after a purge, and when the
/// registry answers again. Asked once for each batch, on the source's thread.
package protocol StreamRenewal: Sendable {
    func current(_ stream: StreamDescriptor) -> StreamState
}

/// What is known of a stream at a time.
package enum StreamState: Sendable {
    /// The stream to use: the same, or the one that takes its place.
    case current(StreamDescriptor)
    /// Its schema cannot be had: events are not checked, and are kept until they can be.
    case unavailable(SchemaError)
}

extension EventBatchBuilder {
    /// Puts the streams that are current in the place of those that the source knows. Answers, by index, what is unavailable.
    mutating func renewStreams() -> [UInt32: SchemaError] {
        var unavailable: [UInt32: SchemaError] = [:]
        for (index, stream) in streams.enumerated() {
            guard let renewal = stream.renewal else { continue }
            switch renewal.current(stream) {
            case .current(let current): if current !== stream { replaceStream(index, with: current) }
            case .unavailable(let error): unavailable[UInt32(index)] = error
            }
        }
        return unavailable
    }
}
