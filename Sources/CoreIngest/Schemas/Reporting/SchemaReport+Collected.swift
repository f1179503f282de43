extension SchemaReport {
    /// Nothing is wrong yet.
    package init(schema: String) { self.init(schema: schema, failures: []) }

    /// The event names no schema, one that is malformed, or one that cannot be had: nothing was checked. `name`: as the event
    /// has it.
    package init(noSchema name: String, keyword: String = "schema", expected: String, message: String) {
        self.init(schema: name.isEmpty ? "a schema" : String(name.prefix(200)), failures: [])
        failures = [
            SchemaFailure(
                keyword: keyword, expected: expected, gotType: name.isEmpty ? "absent" : "string", message: message)
        ]
    }

    /// Adds what is wrong with a context. Its failures are told from the payload's by `/contexts/NAME` before their path, and
    /// by the schema's name before the schema's path.
    package mutating func append(_ context: SchemaReport, ofContext name: String) {
        let escaped = name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        for var failure in context.failures {
            failure.instancePath = "/contexts/\(escaped)\(failure.instancePath)"
            failure.groupPath = "/contexts/\(escaped)\(failure.groupPath)"
            failure.schemaPath = "\(name)\(failure.schemaPath)"
            failure.message = "context \(name): \(failure.message)"
            failures.append(failure)
        }
    }

    /// Adds what breaks the rules of the protocol that the event came by: a text of one line.
    package mutating func append(problem: String) {
        failures.append(
            SchemaFailure(
                keyword: "protocol", expected: "an event as its protocol has it", gotType: "object", message: problem))
    }

    /// Leaves out failures past the most that are reported.
    package mutating func cut(to reporting: SchemaReporting) {
        failures.removeSubrange(min(failures.count, max(1, reporting.mostFailures))...)
    }
}
