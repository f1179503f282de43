import LogicalDecoding

/// What `check` found, part by part.
struct CheckReport {
    struct Entry {
        /// `input shop`, `sink lake`, `state`, `registry`.
        var part: String
        var finding: PreflightFinding
    }

    private(set) var entries: [Entry] = []

    mutating func add(_ part: String, _ finding: PreflightFinding) {
        entries.append(Entry(part: part, finding: finding))
    }

    mutating func ok(_ part: String, _ topic: String, _ message: String) {
        add(part, PreflightFinding(.ok, topic, message))
    }

    mutating func warning(_ part: String, _ topic: String, _ message: String, remedy: String = "") {
        add(part, PreflightFinding(.warning, topic, message, remedy: remedy))
    }

    mutating func error(_ part: String, _ topic: String, _ message: String, remedy: String = "") {
        add(part, PreflightFinding(.error, topic, message, remedy: remedy))
    }

    var errors: Int { entries.count { $0.finding.severity == .error } }
    var warnings: Int { entries.count { $0.finding.severity == .warning } }

    var text: String {
        var out = ""
        var part = ""
        for entry in entries {
            if entry.part != part {
                part = entry.part
                out += "\(part)\n"
            }
            let mark =
                switch entry.finding.severity {
                case .ok: "ok     "
                case .warning: "WARNING"
                case .error: "ERROR  "
                }
            out += "  \(mark)  \(entry.finding.topic): \(entry.finding.message)\n"
            if !entry.finding.remedy.isEmpty { out += "           → \(entry.finding.remedy)\n" }
        }
        return out + (errors == 0 ? "ready" : "not ready") + ": \(errors) errors, \(warnings) warnings"
    }

    var json: [UInt8] {
        JSONText.object { out in
            out.member("ready", errors == 0)
            out.member("errors", errors)
            out.member("warnings", warnings)
            out.array("findings") { list in
                for entry in entries {
                    list.object { one in
                        one.member("part", entry.part)
                        one.member("severity", entry.finding.severity.rawValue)
                        one.member("topic", entry.finding.topic)
                        one.member("message", entry.finding.message)
                        one.member("remedy", entry.finding.remedy)
                    }
                }
            }
        }
    }
}
