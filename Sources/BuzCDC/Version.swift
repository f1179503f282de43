/// The version of this build, as `version`, the start line, envelopes and `/stats` show it.
enum Version {
    static let current = "0.1.0"
}
