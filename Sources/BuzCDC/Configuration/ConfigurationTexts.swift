import CoreIngest

/// What the program says about its own configuration.
enum ConfigurationTexts {
    /// The JSON Schema.
    static var schema: String { ConfigurationSchema.text(ConfigurationKeys.root, title: "buz-cdc") }

    /// The commented example.
    static var example: String {
        ConfigurationExample.yaml(
            ConfigurationKeys.root, schema: "./buz-cdc.schema.json",
            introduction: [
                "Every key of buz-cdc's configuration. Printed by 'buz-cdc config example';",
                "the schema that editors read by the line above is printed by 'buz-cdc config schema'.",
                "",
                "Values may hold ${VARIABLE} and ${VARIABLE:-default}; '$${' stands for a literal '${'. Where a value is",
                "secret, {file: PATH} reads it from a file. A key without a value is as if it were not written.",
                "Relative paths start at the working folder. Sizes: 64MiB, 10MB, 4096. Durations: 100ms, 5s, 2m, 1h.",
            ])
    }

    /// The body of the reference page, after its introduction.
    static var reference: String { ConfigurationReference.markdown(ConfigurationKeys.root) }
}
