/// The one place where intake checks payloads: called by ``Pipeline`` on the source's thread, before a batch is sealed.
enum Validation {
    /// Sets the verdict on every record of the builder.
    static func apply(to builder: inout EventBatchBuilder) { PayloadValidation.apply(to: &builder) }
}
