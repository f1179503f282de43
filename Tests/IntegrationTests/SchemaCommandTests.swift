import TestServers
import Testing

/// `schemas derive` and `schemas diff` against a database that changes.
@Suite("Schema commands")
struct SchemaCommandTests {
    @Test(
        "Schemas are printed from the catalog, and their change is classified by the exit status",
        .timeLimit(.minutes(1)))
    func deriveAndDiff() throws {
        let server = try PostgresServer()
        try server.sql("create database shop")
        try server.sql(
            "create table t (id int primary key, v varchar(9) not null); create table other (id int primary key)",
            database: "shop")
        let sidecar = try Sidecar(url: server.url("shop"), sinks: Sidecar.fileSink)
        func derive(_ tables: String...) throws -> (code: Int32, output: String, errors: String) {
            try sidecar.command(["schemas", "derive", "--config", sidecar.configuration] + tables)
        }
        func keep(_ name: String) throws -> String {
            let file = "\(sidecar.folder.path)/\(name).json"
            try writeText(try derive("t").output, to: file)
            return file
        }
        func diff(_ old: String, _ new: String) throws -> (code: Int32, output: String, errors: String) {
            try sidecar.command(["schemas", "diff", old, new])
        }
        let all = try derive()
        #expect(
            all.code == 0 && all.output.contains(#""name": "other""#) && all.output.contains(#""name": "t""#), "\(all)")
        let missing = try derive("public.nothing")
        #expect(missing.code == 1 && missing.errors.contains("no table public.nothing"), "\(missing)")

        let first = try keep("first")
        try server.sql("alter table t add note text", database: "shop")
        let second = try keep("second")
        try server.sql("alter table t alter v type varchar(5)", database: "shop")
        let third = try keep("third")
        try server.sql("alter table t alter v type int using 1", database: "shop")
        let fourth = try keep("fourth")
        #expect(try diff(first, first).code == 0)
        let addition = try diff(first, second)
        #expect(addition.code == 0 && addition.output == "ADDITION\n  ADDITION  column note was added\n", "\(addition)")
        let revision = try diff(second, third)
        #expect(revision.code == 3 && revision.output.contains("maxLength was 9 and is 5"), "\(revision)")
        #expect(try diff(third, fourth).code == 4)
        #expect(try diff(first, "/nowhere").code == 2)
        #expect(try diff(first, "iglu:com.acme/t/jsonschema/1-0-0").code == 2)
    }
}
