import TestServers
import Testing

@Test("Every installed Postgres from 14 on starts, answers, restarts and stops", arguments: PostgresServer.matrix)
func serverStarts(major: Int) throws {
    let server = try PostgresServer(major)
    #expect(try server.sql("show server_version").hasPrefix("\(major)."))
    try server.restart()
    #expect(try server.sql("select 1 + 1") == "2")
}
