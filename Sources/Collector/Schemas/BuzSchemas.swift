/// What webhooks and pixels without a name are.
enum BuzSchemas {
    static let all = [
        BuiltInSchema("io.silverton", "buz.hook.arbitrary", "Any webhook: nothing is asked of it.", ""),
        BuiltInSchema(
            "io.silverton", "buz.pixel.arbitrary", "The parameters of a pixel's address, or the JSON that it held.", ""),
    ].compactMap { $0 }
}
