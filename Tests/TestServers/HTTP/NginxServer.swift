import Glibc

/// A real nginx with TLS and HTTP/2 on a loopback port, and plain HTTP on another, with a certificate of its own making.
package final class NginxServer: Sendable {
    package let folder: TemporaryFolder
    package let port: Int
    package let tlsPort: Int
    private let process: ChildProcess

    /// Whether it can be started here.
    package static let isInstalled =
        access("/usr/sbin/nginx", X_OK) == 0 && access("/usr/bin/openssl", X_OK) == 0

    /// `locations`: nginx's own text, within both servers. Files of `folder/www` are served.
    package init(locations: String = "") throws {
        let folder = try TemporaryFolder("buznginx")
        let port = try freePort()
        self.folder = folder
        self.port = port
        tlsPort = try freePort()
        mkdir("\(folder.path)/www", 0o755)
        _ = try ChildProcess.run(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=buz test",
                "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", "\(folder.path)/key.pem", "-out",
                "\(folder.path)/certificate.pem",
            ], folder: folder)
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(folder.path)/\($0);"
        }.joined(separator: " ")
        try writeText(
            """
            daemon off; worker_processes 1; pid \(folder.path)/pid; error_log \(folder.path)/error.log info;
            \(geteuid() == 0 ? "user root;" : "")
            events { worker_connections 256; }
            http {
              \(paths) access_log \(folder.path)/access.log;
              server {
                listen 127.0.0.1:\(port);
                listen 127.0.0.1:\(tlsPort) ssl http2;
                ssl_certificate \(folder.path)/certificate.pem; ssl_certificate_key \(folder.path)/key.pem;
                root \(folder.path)/www; client_max_body_size 64m;
                \(locations)
              }
            }
            """, to: "\(folder.path)/nginx.conf")
        process = try ChildProcess(
            [
                "/usr/sbin/nginx", "-p", folder.path, "-e", "\(folder.path)/error.log", "-c",
                "\(folder.path)/nginx.conf",
            ],
            folder: folder)
        let process = process
        try eventually("nginx does not answer: \(process.errors)") { httpGet(port: port, "/") != nil }
    }

    deinit {
        process.stop(SIGTERM)
        _ = try? process.wait(seconds: 10)
    }

    /// PEM, to be trusted by clients.
    package var certificate: String { "\(folder.path)/certificate.pem" }
}
