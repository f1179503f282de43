import Glibc
import TestServers
import Testing

/// `buz-cdc schemas validate`, as it is run in a shell.
@Suite struct SchemasValidateTests {
    private let folder: TemporaryFolder
    private let schema: String

    init() throws {
        folder = try TemporaryFolder("validate")
        schema = "\(folder.path)/order.json"
        try writeText(
            #"""
            {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["id"],
             "properties": {"id": {"type": "integer", "minimum": 1}, "tags": {"type": "array", "items": {"type": "string"}}}}
            """#, to: schema)
    }

    private func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        let process = try ChildProcess([Sidecar.binary, "schemas", "validate"] + arguments, folder: folder)
        let status = try process.wait()
        return (status, process.output, process.errors)
    }

    @Test("lines that fail in the same way are one group, with the place of the first")
    func groups() throws {
        let lines = "\(folder.path)/lines"
        var text = #"{"id":1}"# + "\r\n\n  \n" + #"{"id":0}"# + "\n"
        for index in 0..<1000 { text += #"{"id":\#(index + 1),"tags":["a",\#(index)]}"# + "\n" }
        text += "not json"
        try writeText(text, to: lines)
        let all = try run("--schema", schema, lines)
        #expect(all.status == 1)
        #expect(all.errors == "buz-cdc: 1002 of 1003 lines are invalid, in 3 groups\n")
        let rows = all.output.split(separator: "\n")
        #expect(rows.count == 4)
        #expect(rows[1].contains("1000  \(lines):5 "))
        #expect(rows[1].contains("#/properties/tags/items/type"))
        #expect(try run("--schema", schema, "--groups", "1", lines).output.split(separator: "\n").count == 2)
        let json = try run("--schema", schema, "--json", lines)
        #expect(json.status == 1)
        #expect(json.output.contains(#""lines":1003,"invalid":1002,"#))
        #expect(json.output.contains(#""first":"\#(lines):4","instancePath":"/id","keyword":"minimum""#))
    }

    @Test("a schema may come from the registry of a configuration")
    func registry() throws {
        let lines = "\(folder.path)/lines"
        try writeText(#"{"id":0}"#, to: lines)
        for part in ["schemas", "schemas/com.acme", "schemas/com.acme/order", "schemas/com.acme/order/jsonschema"] {
            mkdir("\(folder.path)/\(part)", 0o755)
        }
        try writeText(readText(schema), to: "\(folder.path)/schemas/com.acme/order/jsonschema/1-0-0")
        let configuration = "\(folder.path)/buz.yaml"
        try writeText(
            """
            app: {stateDir: \(folder.path)/state}
            inputs: {postgres: [{name: shop, url: "postgres://u@localhost/shop"}]}
            registry: {backend: {type: file, path: \(folder.path)/schemas}}
            sinks: [{name: out, type: stdout}]
            """, to: configuration)
        let name = "iglu:com.acme/order/jsonschema/1-0-0"
        let found = try run("--config", configuration, "--schema", name, lines)
        #expect(found.status == 1 && found.output.contains("/id must be at least 1"), "\(found.errors)")
        // A file may refer to what the registry has.
        let referring = "\(folder.path)/referring.json"
        try writeText(#"{"$ref":"com.acme/order/v1.0.json"}"#, to: referring)
        let referred = try run("--config", configuration, "--schema", referring, lines)
        #expect(referred.status == 1 && referred.output.contains("/id must be at least 1"), "\(referred.errors)")
        let alone = try run("--schema", referring, lines)
        #expect(alone.status == 2 && alone.errors.contains("not in the registry"), "\(alone.errors)")
        let other = "iglu:com.acme/order/jsonschema/2-0-0"
        let missing = try run("--config", configuration, "--schema", other, lines)
        #expect(missing.status == 2 && missing.errors.contains("has no schema \(other)"), "\(missing.errors)")
        #expect(try run("--schema", name, lines).status == 2)
        #expect(try run("--config", configuration, "--schema", "iglu:../x", lines).status == 2)
    }

    @Test("JSON Schema's own output is printed for each line, and values only where they may be")
    func output() throws {
        let lines = "\(folder.path)/lines"
        try writeText(#"{"id":1}"# + "\n" + #"{"id":"secret"}"# + "\n", to: lines)
        let basic = try run("--schema", schema, "--output", "basic", lines)
        #expect(basic.status == 1)
        #expect(
            basic.output.split(separator: "\n") == [
                #"{"file":"\#(lines)","line":1,"output":{"valid":true,"keywordLocation":"","instanceLocation":""}}"#,
                ##"{"file":"\##(lines)","line":2,"output":{"valid":false,"keywordLocation":"","instanceLocation":"","errors":[{"valid":false,"keywordLocation":"/properties/id/type","absoluteKeywordLocation":"#/properties/id/type","instanceLocation":"/id","error":"/id must be integer, is string"}]}}"##,
            ])
        #expect(basic.errors == "buz-cdc: 1 of 2 lines are invalid, in 1 group\n")
        #expect(try run("--schema", schema, "--output", "basic", "--json", lines).status == 2)
    }

    @Test("valid lines end with 0, what cannot be used ends with 2 and one line")
    func statuses() throws {
        let lines = "\(folder.path)/lines"
        try writeText(#"{"id":1}"#, to: lines)
        let valid = try run("--schema", schema, lines, lines)
        #expect(valid.status == 0)
        #expect(valid.output == "")
        #expect(valid.errors == "buz-cdc: 2 lines, all valid\n")
        #expect(try run("--schema", schema).errors == "buz-cdc: 0 lines, all valid\n")
        for arguments in [
            ["--schema", "\(folder.path)/none"], ["--schema", lines + "/x"], ["--schema", folder.path],
            ["--schema", schema, "\(folder.path)/none"], ["--schema", schema, folder.path],
            ["--schema", schema, "--groups", "0"], [],
        ] {
            let process = try ChildProcess([Sidecar.binary, "schemas", "validate"] + arguments, folder: folder)
            #expect(try process.wait() == 2, "\(arguments)")
            #expect(process.errors.split(separator: "\n").count == 1, "\(arguments)")
            #expect(process.output == "", "\(arguments)")
        }
        try writeText(#"{"type": "nothing"}"#, to: lines)
        let refused = try run("--schema", lines)
        #expect(refused.status == 2)
        #expect(refused.errors.hasPrefix("buz-cdc: \(lines): "))
    }
}
