import CoreIngest

/// Keys that backends in buckets share.
enum BucketKeys {
    static let bucket = Key<String>.text("bucket", "The bucket.", .required, rule: name, example: "acme-schemas")
    static let prefix = Key<String>.text(
        "prefix", "What stands before VENDOR/NAME/jsonschema/1-0-0 in the keys of schemas; '' for nothing.",
        .defaulted("schemas"), rule: folders)

    private static let name = TextRule(
        description: "a name of 3 to 222 letters, digits, '-', '_' and '.'", pattern: "^[A-Za-z0-9_.-]{3,222}$"
    ) { text in
        (3...222).contains(text.utf8.count)
            && text.utf8.allSatisfy { TextRule.isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    private static let folders = TextRule(
        description: "empty, or names such as a/b of at most 512 bytes, without '.' and '..' and a '/' at either end",
        pattern: "^(?!.*(^|/)\\.{0,2}(/|$)).*$|^$"
    ) { text in
        text.isEmpty
            || text.utf8.count <= 512 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
                && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                    !["", ".", ".."].contains($0)
                }
    }
}
