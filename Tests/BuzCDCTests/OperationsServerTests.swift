import Logging
import NIOPosix
import Testing

@testable import BuzCDC

@Suite("Operations server", .timeLimit(.minutes(1)))
struct OperationsServerTests {
    private func serving(
        limits: OperationsServer.Limits = .init(),
        respond: @escaping @Sendable (OperationsRequest) -> OperationsResponse,
        check: @escaping @Sendable (OperationsClient) throws -> Void
    ) async throws {
        let logger = Logger(label: "test")
        let server = try await OperationsServer.bind(
            host: "127.0.0.1", port: 0, limits: limits, logger: logger, respond: respond)
        let port = try #require(server.address.split(separator: ":").last.flatMap { Int($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            let client = OperationsClient(host: "127.0.0.1", port: port, token: "secret", timeoutSeconds: 10)
            // The client blocks, which the threads of tasks must not.
            try await NIOThreadPool.singleton.runIfActive { try check(client) }
        }
    }

    @Test("A request's method, path, query and token arrive, and the answer comes back whole")
    func roundTrip() async throws {
        let long = String(repeating: "é", count: 300_000)
        try await serving { request in
            let accepted = BearerToken("secret").accepts(request.authorization)
            return .text("\(request.method) \(request.path) \(request["q"] ?? "") \(accepted) \(long)", status: 418)
        } check: { client in
            let answer = try client.send("POST", "/some/path?q=1%202")
            #expect(answer.status == 418)
            #expect(String(decoding: answer.body, as: UTF8.self) == "post /some/path 1 2 true \(long)\n")
        }
    }

    @Test("A head larger than the limit is not answered with a page")
    func headLimit() async throws {
        var limits = OperationsServer.Limits()
        limits.headBytes = 1024
        try await serving(limits: limits) { _ in
            .text("page")
        } check: { client in
            var large = client
            large.token = String(repeating: "x", count: 100_000)
            let answer = try? large.send("GET", "/")
            #expect(answer?.status != 200)
            let ordinary = try client.send("GET", "/")
            #expect(ordinary.status == 200)
        }
    }

    @Test("A connection that asks nothing is closed at the deadline")
    func silentConnection() async throws {
        var limits = OperationsServer.Limits()
        limits.deadline = .milliseconds(50)
        try await serving(limits: limits) { _ in
            .text("page")
        } check: { client in
            // A request whose body never comes.

            #expect(throws: OperationsClient.Failure.self) {
                try client.send("GET", "/ HTTP/1.1\r\nContent-Length: 9\r\nx: ")
            }
            let next = try client.send("GET", "/")
            #expect(next.status == 200)
        }
    }

    @Test("A port in use is one line that names it")
    func portInUse() async throws {
        try await serving { _ in
            .text("")
        } check: { _ in
        }
        let first = try await OperationsServer.bind(
            host: "127.0.0.1", port: 0, logger: Logger(label: "test")
        ) { _ in .text("") }
        let port = try #require(first.address.split(separator: ":").last.flatMap { Int($0) })
        let failure = await #expect(throws: CommandFailure.self) {
            _ = try await OperationsServer.bind(
                host: "127.0.0.1", port: port, logger: Logger(label: "test")
            ) { _ in .text("") }
        }
        #expect(failure?.lines.count == 1)
        #expect(failure?.lines.first?.contains(":\(port)") == true)
    }
}
