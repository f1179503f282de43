import TestServers
import Testing

/// The emulator that the sink's tests stand on.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RedshiftServerTests {
    @Test("It refuses what Redshift refuses, in a transaction too, and serves what only Redshift has")
    func dialect() throws {
        let server = try RedshiftServer()
        func refusal(_ sql: String) -> String {
            do {
                try server.client(sql)
                return ""
            } catch {
                return "\(error)"
            }
        }
        for (sql, words) in [
            ("BEGIN; SAVEPOINT a", "0A000"), ("CREATE TABLE t (a uuid)", "0A000"), ("SET lock_timeout = 1", "42704"),
            ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "42601"), ("COPY t FROM STDIN", "0A000"),
            ("CREATE INDEX i ON t (a)", "0A000"), ("SELECT pg_try_advisory_lock(1)", "42883"),
            ("CREATE TABLE t (a VARCHAR(65536))", "22023"), ("CREATE TABLE t (a DECIMAL(39, 0))", "22023"),
            ("CREATE TABLE v (a VARCHAR(2)); INSERT INTO v VALUES ('äb')", "22001"),
            ("CREATE TABLE u (a INT); ALTER TABLE u ADD COLUMN b INT, ADD COLUMN c INT", "42601"),
            ("BEGIN; ALTER TABLE v ALTER COLUMN a TYPE VARCHAR(20)", "25001"),
        ] {
            #expect(refusal(sql).contains(words), "\(sql): \(refusal(sql))")
        }
        let rows = try server.client(
            #"""
            CREATE TABLE "Mixed" ("Id" BIGINT NOT NULL, b VARBYTE(64000), s SUPER, v VARCHAR(4), PRIMARY KEY ("Id"))
              DISTSTYLE KEY DISTKEY ("Id") SORTKEY ("Id");
            INSERT INTO "mixed" VALUES (1, NULL, NULL, 'ä\\b'), (1, NULL, NULL, NULL);
            UPDATE mixed SET b = FROM_HEX('00ff'), s = JSON_PARSE('{"a": [1]}');
            SELECT id, TO_HEX(b), JSON_SERIALIZE(s), v FROM mixed ORDER BY v;
            SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'mixed'::regclass AND attnum > 0 ORDER BY attnum;
            BEGIN; TRUNCATE mixed; ROLLBACK;
            SELECT COUNT(*) FROM mixed;
            """#)
        #expect(
            rows.replacing("\n", with: ";") == #"1|00ff|{"a": [1]}|ä\b;1|00ff|{"a": [1]}|;bigint;"#
                + "binary varying(64000);super;character varying(4);0", "\(rows)")
        #expect(server.statements.contains { $0 == "INSERT INTO \"mixed\" VALUES (1, NULL, NULL, '?')" })
        #expect(server.errors.isEmpty, "\(server.errors)")
    }
}
