import CoreIngest

/// Names in an answer that lists.
enum Listing {
    /// The strings of a JSON array, or the member `name` of its objects; nil when it is none. `member`: of the object that has the
    /// array, which is empty where it is missing.
    static func names(_ bytes: [UInt8], in member: String? = nil) -> [String]? {
        bytes.withUnsafeBytes { raw in
            guard let document = try? JSONDocument(raw) else { return nil }
            let view = document.view
            var list = 0
            if let member {
                guard view.kind(0) == .object else { return nil }
                guard let found = view.member(0, named: member) else { return [] }
                list = found
            }
            guard view.kind(list) == .array else { return nil }
            return view.elements(list).compactMap { element in
                view.string(element) ?? view.member(element, named: "name").flatMap { view.string($0) }
            }
        }
    }

    /// The whole numbers of a JSON array; nil when it is none.
    static func integers(_ bytes: [UInt8]) -> [Int]? {
        bytes.withUnsafeBytes { raw in
            guard let document = try? JSONDocument(raw) else { return nil }
            let view = document.view
            guard view.kind(0) == .array else { return nil }
            return view.elements(0).compactMap { view.integer($0) }
        }
    }
}
