import CoreIngest
import HTTPClient

/// Where credentials for Google come from: the keys that all have that need some.
enum GoogleCredentialKeys {
    enum Place: String, Sendable, CaseIterable { case `default`, metadataServer, anonymous }

    private static let place = Key<Place>.choice(
        "credentials",
        "default: GOOGLE_APPLICATION_CREDENTIALS, else gcloud's login, else the machine's own account; anonymous: for emulators.",
        .defaulted("default"))
    private static let file = Key<String?>.optionalText(
        "credentialsFile",
        "A file of credentials: a service account's key, a login, or workload identity federation. Read again at each renewal.",
        example: "/etc/buz-cdc/google.json")
    private static let text = Key<String?>.optionalText(
        "credentialsText", "The text of such a file, where there is none.", secrecy: .whole,
        example: "${BUZ_GOOGLE_CREDENTIALS:-}")

    static let keys = [place.specification, file.specification, text.specification]

    /// A file, or its text, takes the place of what is found.
    static func source(_ section: CheckedSection) -> GoogleCredentialSource {
        if let path = section[file] { return .file(path) }
        if let text = section[text] { return .text(text) }
        return switch section[place] {
        case .default: .applicationDefault
        case .metadataServer: .metadataServer
        case .anonymous: .anonymous
        }
    }
}
