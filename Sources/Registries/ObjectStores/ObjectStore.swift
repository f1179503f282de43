package import CoreIngest

/// Objects by key in a bucket: what a registry needs of one. Keys are UTF-8 of at most 1024 bytes. Any thread; calls block, each
/// with a time limit.
package protocol ObjectStore: Sendable {
    /// For people, without secrets.
    var description: String { get }
    /// Bytes of one object.
    var mostBytes: Int { get }
    /// `tag`: of what is known of it, which is then not sent again.
    func get(_ key: String, unless tag: String?) throws(SchemaError) -> KnownTexts.Answer
    /// Puts an object where there is none, as one step: of two writers one is first. False when there is one of that key already.
    func put(_ bytes: [UInt8], _ key: String) throws(SchemaError) -> Bool
    /// Some of the keys that begin so, in order. `page`: what the answer before named; `next` is nil at the end.
    func keys(prefix: String, page: String?) throws(SchemaError) -> (keys: [String], next: String?)
}
