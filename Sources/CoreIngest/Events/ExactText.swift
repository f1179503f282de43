/// Text that equals only text of the same bytes, as names in Postgres and members in JSON do. Swift's own strings are equal, and
/// the same key, when they look the same: `é` may be one scalar or two.
///
/// `@ExactText var name: String` makes a property that its type's synthesized `==` and `hash` compare so; `$name` is the wrapper.
@propertyWrapper
public struct ExactText: Hashable, Comparable, Sendable {
    /// The text.
    public var wrappedValue: String
    /// The wrapper itself: what is compared.
    public var projectedValue: ExactText { self }

    /// Some text.
    public init(wrappedValue: String) { self.wrappedValue = wrappedValue }
    /// Some text, as a key.
    public init(_ text: String) { wrappedValue = text }

    /// Whether the bytes are the same.
    public static func == (left: Self, right: Self) -> Bool {
        left.wrappedValue.utf8.elementsEqual(right.wrappedValue.utf8)
    }

    /// By the bytes.
    public func hash(into hasher: inout Hasher) {
        var text = wrappedValue
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }

    /// By the bytes, as Postgres's collation "C" does.
    public static func < (left: Self, right: Self) -> Bool {
        left.wrappedValue.utf8.lexicographicallyPrecedes(right.wrappedValue.utf8)
    }
}
