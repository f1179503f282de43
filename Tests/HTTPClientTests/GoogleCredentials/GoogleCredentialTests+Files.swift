import Synchronization
import TestServers
import Testing

@testable import HTTPClient

extension GoogleCredentialTests {
    @Test("Without a path the environment's file comes first, then gcloud's, then the metadata server")
    func defaults() throws {
        let server = try StubHTTPServer { request in
            guard request.path.hasPrefix("/computeMetadata") else {
                let form = Self.fields(request.text)
                return Self.token("of \(form["client_id"] ?? "") \(form["refresh_token"] ?? "")")
            }
            return .text(
                200, #"{"access_token":"machine","expires_in":3000}"#,
                ["Metadata-Flavor": request.headers["metadata-flavor"] ?? ""])
        }
        func login(_ id: String) -> String {
            """
            {"type":"authorized_user","client_id":"\(id)","client_secret":"s","refresh_token":"r",
             "quota_project_id":"p-\(id)","token_uri":"\(server.url)/token"}
            """
        }
        var variables = ["CLOUDSDK_CONFIG": folder.path, "GCE_METADATA_HOST": "127.0.0.1:\(server.port)"]
        #expect(try credentials(.applicationDefault, variables).token() == "machine")
        #expect(server.requests.last?.query["scopes"] == FormText.escaped(Self.scope))
        try writeText(login("gcloud"), to: "\(folder.path)/application_default_credentials.json")
        #expect(try credentials(.applicationDefault, variables).token() == "of gcloud r")
        try writeText(login("named"), to: "\(folder.path)/named.json")
        variables["GOOGLE_APPLICATION_CREDENTIALS"] = "\(folder.path)/named.json"
        let named = credentials(.applicationDefault, variables)
        #expect(try named.token() == "of named r")
        #expect(try named.project() == "p-named")
        // Renewed from the file as it is by then.
        try writeText(login("other"), to: "\(folder.path)/named.json")
        named.discard()
        #expect(try named.token() == "of other r")
        #expect(try credentials(.anonymous).token() == nil)
        #expect(try credentials(.metadataServer, variables).token() == "machine")
    }

    @Test(
        "A file that is none says which file and member",
        arguments: [
            ("", "not JSON"), ("[]", "type"), (#"{"type":"gdch"}"#, "gdch"),
            (#"{"type":"service_account"}"#, "private_key"),
            (#"{"type":"service_account","private_key":"x"}"#, "PEM"),
            (#"{"type":"authorized_user","client_id":"a","client_secret":"b"}"#, "refresh_token"),
            (
                #"{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c","token_uri":"http://example.com/"}"#,
                "https://"
            ),
            (
                #"{"type":"external_account","audience":"a","subject_token_type":"b","credential_source":{"environment_id":"aws1"}}"#,
                "AWS"
            ),
        ])
    func broken(text: String, says: String) throws {
        let path = "\(folder.path)/broken.json"
        try writeText(text, to: path)
        let error = error { () throws(GoogleCredentialError) in _ = try credentials(.file(path)).token() }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(path) == true)
    }

    @Test("A missing file is named")
    func missing() {
        let error = error { () throws(GoogleCredentialError) in _ = try credentials(.file("/nowhere/x.json")).token() }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains("/nowhere/x.json cannot be opened") == true)
    }
}
