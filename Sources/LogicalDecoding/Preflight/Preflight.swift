/// Looks at a server before it is read: what cannot work, what will hurt, and what to do. Changes nothing.
package enum Preflight {
    /// Blocks for as long as connecting and asking take: seconds at most. Never throws: what fails becomes a finding.
    package static func run(_ settings: PostgresSourceSettings, checkpoint: SourceCheckpoint? = nil)
        -> [PreflightFinding]
    {
        var findings: [PreflightFinding] = []
        do throws(SourceError) {
            let side = try PostgresConnection(settings.connection(.side))
            findings.append(PreflightFinding(.ok, "connection", "connected to \(side.label)"))
            let facts = try ServerFacts(asking: side)
            findings += serverFindings(facts)
            findings += try roleFindings(settings, facts: facts, on: side)
            let publication = try PublicationInfo.look(settings.publication, on: side)
            let wanted = try PublicationManager.wanted(TablePatterns(settings.tables), on: side)
            findings += publicationFindings(settings, publication: publication, wanted: wanted)
            findings += try tableFindings(publication: publication, wanted: wanted, on: side)
            let slot = try SlotManager.look(settings.slot, on: side)
            findings += slotFindings(settings, slot: slot, facts: facts)
            findings += replicationFindings(settings, slot: slot, checkpoint: checkpoint)
            if settings.snapshot != .never, slot == nil || settings.snapshot == .always {
                findings.append(try snapshotFinding(settings, publication: publication, wanted: wanted, on: side))
            }
        } catch {
            findings.append(PreflightFinding(.error, "connection", error.message, remedy: remedy(error)))
        }
        return findings
    }

    private static func remedy(_ error: SourceError) -> String {
        switch SourceErrorPolicy.reaction(to: error) {
        case .retry: "see whether the server runs and can be reached from here, then check again"
        case .stop, .hold: "mend it, then check again"
        }
    }

    /// A replication connection needs its own right and often its own line in pg_hba.conf.
    private static func replicationFindings(
        _ settings: PostgresSourceSettings, slot: SlotInfo?, checkpoint: SourceCheckpoint?
    ) -> [PreflightFinding] {
        do throws(SourceError) {
            let connection = try PostgresConnection(settings.connection(.replication))
            let system = try SystemIdentity(asking: connection)
            let decision: PreflightFinding
            do throws(SourceError) {
                decision = finding(
                    try StartDecision.decide(checkpoint: checkpoint, slot: slot, system: system, settings: settings),
                    settings: settings)
            } catch {
                // Without the instance's state at hand, a slot that exists may well be its own.
                let severity: PreflightFinding.Severity =
                    checkpoint == nil && error.code == .slotUnknown ? .warning : .error
                decision = PreflightFinding(severity, "slot", error.message, remedy: "decide before the next start")
            }
            return [
                PreflightFinding(
                    .ok, "replication",
                    "replication connection works: system \(system.systemIdentifier), timeline \(system.timeline)"),
                decision,
            ]
        } catch {
            return [
                PreflightFinding(
                    .error, "replication", error.message,
                    remedy:
                        "ALTER ROLE … REPLICATION, and allow this host for the database in pg_hba.conf; a pooler cannot be used"
                )
            ]
        }
    }

    private static func finding(_ decision: StartDecision, settings: PostgresSourceSettings) -> PreflightFinding {
        switch decision {
        case .create(let dropsFirst, let snapshot):
            PreflightFinding(
                dropsFirst ? .warning : .ok, "start",
                "the next start \(dropsFirst ? "drops slot \(settings.slot) and creates it anew" : "creates slot \(settings.slot)")"
                    + (snapshot ? ", then copies the tables" : ""))
        case .resume(let from, let adopts, _):
            PreflightFinding(
                .ok, "start",
                "the next start \(adopts ? "takes over" : "reads on from") slot \(settings.slot) at \(from)")
        }
    }

    private static func snapshotFinding(
        _ settings: PostgresSourceSettings, publication: PublicationInfo?, wanted: [TableName],
        on side: borrowing PostgresConnection
    ) throws(SourceError) -> PreflightFinding {
        let names = publication?.tables ?? wanted
        guard !names.isEmpty else { return PreflightFinding(.ok, "snapshot", "nothing to copy") }
        let list = names.map { "\(SQLText.literal($0.quoted))::regclass" }.joined(separator: ", ")
        let rows = try side.query(
            """
            SELECT count(*), coalesce(sum(greatest(m.reltuples, 0)), 0)::int8, pg_size_pretty(coalesce(sum(pg_table_size(m.oid)), 0)),
              coalesce(sum(pg_table_size(m.oid)), 0)::int8
            FROM pg_class m WHERE m.oid IN (
              SELECT unnest(ARRAY[\(list)])::oid
              UNION SELECT t.relid FROM unnest(ARRAY[\(list)]) r, pg_partition_tree(r) t)
            """)
        let row = rows.first ?? []
        func text(_ index: Int) -> String { index < row.count ? row[index] ?? "0" : "0" }
        let isLarge = (Int64(text(3)) ?? 0) > 100 << 30
        return PreflightFinding(
            isLarge ? .warning : .ok, "snapshot",
            "the snapshot copies \(names.count) tables, about \(text(1)) rows, \(text(2))",
            remedy: isLarge
                ? "while it runs the server keeps its log: see that the disk has room, and take a quiet hour" : "")
    }
}
