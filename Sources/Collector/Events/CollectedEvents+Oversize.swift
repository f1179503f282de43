import CoreIngest

extension CollectedEvents {
    /// Ends an event that is one of several, whose answer is one for all: where it is too large, or has too many contexts, the
    /// beginning of `text` is kept in its place as an invalid event, so that it costs its neighbours nothing.
    package mutating func commitOneOfMany(
        _ protocol: CollectedProtocol, text: UnsafeRawBufferPointer
    ) throws(Refusal) {
        do throws(Refusal) {
            try commit()
        } catch {
            guard error != .tooManyEvents else { throw error }
            try keepBeginning(of: text, `protocol`, error.message(limits))
        }
    }

    /// Keeps the beginning of a text that is no event as it is, as the string that is an invalid event's payload.
    package mutating func keepBeginning(
        of text: UnsafeRawBufferPointer, _ protocol: CollectedProtocol, _ problem: String
    ) throws(Refusal) {
        // Escapes make a byte six at most.
        let kept = UnsafeRawBufferPointer(rebasing: text.prefix(limits.eventBytes / 8))
        begin(`protocol`)
        write(.payload) { _ = $0.appendJSONString(repairing: kept) }
        add(problem: kept.count < text.count ? "\(problem); its first \(kept.count) bytes are kept" : problem)
        try commit()
    }
}
