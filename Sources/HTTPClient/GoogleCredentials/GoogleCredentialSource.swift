/// Where credentials for Google come from.
package enum GoogleCredentialSource: Sendable, Equatable {
    /// As Google's own libraries find them: the file that `GOOGLE_APPLICATION_CREDENTIALS` names, else the one that
    /// `gcloud auth application-default login` writes, else the metadata server of the machine.
    case applicationDefault
    /// A file of any of the forms of ``GoogleCredentialFile``.
    case file(String)
    /// The text of such a file: a secret.
    case text(String)
    /// The metadata server of a machine of Google Cloud, a GKE pod or Cloud Run.
    case metadataServer
    /// No token at all: for emulators.
    case anonymous
}

/// What of the process's environment and machine decides about credentials.
package struct GoogleEnvironment: Sendable {
    /// `GOOGLE_APPLICATION_CREDENTIALS`
    package var credentialsFile: String?
    /// Where `gcloud auth application-default login` writes: `$CLOUDSDK_CONFIG`, else `~/.config/gcloud`, and in it
    /// `application_default_credentials.json`. Nil where there is no home.
    package var wellKnownFile: String?
    /// `http://` and the host of the metadata server: `GCE_METADATA_HOST`, else `metadata.google.internal`.
    package var metadataServer = "http://metadata.google.internal"
    /// Seconds since the Unix epoch by the machine's clock.
    package var now: @Sendable () -> Int

    /// `variable` answers the environment's variables.
    package init(now: @escaping @Sendable () -> Int, variable: (String) -> String?) {
        self.now = now
        func set(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
        credentialsFile = set("GOOGLE_APPLICATION_CREDENTIALS")
        let folder = set("CLOUDSDK_CONFIG") ?? set("HOME").map { "\($0)/.config/gcloud" }
        wellKnownFile = folder.map { "\($0)/application_default_credentials.json" }
        if let host = set("GCE_METADATA_HOST") { metadataServer = "http://\(host)" }
    }
}
