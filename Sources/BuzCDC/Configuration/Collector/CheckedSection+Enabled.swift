import CoreIngest

extension CheckedSection {
    /// Turns on what a section describes.
    static let enabledKey = Key<Bool>.boolean("enabled", "Whether it is on.", .defaulted("false"))

    /// What is made of the section under a key; nil where it is not enabled.
    func enabled<Made>(_ key: Key<CheckedSection>, _ make: (CheckedSection) -> Made) -> Made? {
        let section = self[key]
        return section[Self.enabledKey] ? make(section) : nil
    }
}
