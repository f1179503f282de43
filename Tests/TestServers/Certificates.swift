/// Certificates and keys for loopback, made by openssl.
package struct Certificates {
    package let folder: TemporaryFolder

    package init(_ folder: TemporaryFolder) { self.folder = folder }

    package func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// Makes `NAME.pem` and `NAME.key`: signed by itself, for `localhost`, valid for a day from now.
    package func make(_ name: String, subject: String = "localhost") throws {
        try run([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-subj", "/CN=\(subject)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
            path(name + ".key"), "-out", path(name + ".pem"),
        ])
    }

    /// Makes `NAME.pem` and `NAME.key`, signed by another.
    package func make(_ name: String, signedBy authority: String) throws {
        try run([
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=\(name)", "-keyout", path(name + ".key"), "-out", path(name + ".csr"),
        ])
        try run([
            "x509", "-req", "-in", path(name + ".csr"), "-CA", path(authority + ".pem"), "-CAkey",
            path(authority + ".key"), "-CAcreateserial", "-days", "1", "-out", path(name + ".pem"),
        ])
    }

    @discardableResult
    package func run(_ arguments: [String]) throws -> String {
        try ChildProcess.run(["openssl"] + arguments, folder: folder)
    }
}
