import TestServers
import Testing

/// A server that is put back in time gives its positions out again: nothing new may be taken for delivered.
@Suite("Restored servers", .serialized)
struct RestoreTests {
    static let schema = "create table item (id int primary key, v text not null); insert into item values (1, 'one');"

    /// Every row of the file, as `id v`, in order.
    private func lines(_ stand: Stand) throws -> [String] {
        try stand.events("select p->>'id', p->>'v' from e where op <> 't' order by n").split(separator: "\n").map(
            String.init)
    }

    private func refused(_ stand: Stand) throws -> String {
        try stand.sidecar.start(["--until-idle", "1"])
        #expect(try stand.sidecar.process?.wait(seconds: 60) == 1)
        return stand.sidecar.errors
    }

    /// After `snapshot: always` mirror and file have all that the server has.
    private func startOver(_ stand: Stand) throws {
        let anew = try Sidecar(
            like: stand.sidecar, replacing: "slot: buz_shop", with: "slot: buz_shop\n      snapshot: always")
        try anew.runUntilIdle()
        try stand.expectEqual(["public.item"])
    }

    @Test("A disk that was put back stops the start, also when the log has since gone beyond what was delivered")
    func diskPutBack() throws {
        let stand = try Stand(schema: Self.schema)
        try stand.deliver()
        try stand.server.stop()
        try stand.server.saveData()
        try stand.server.start()
        try stand.deliver("insert into item select i, 'lost' from generate_series(2, 50) i")
        let reached = try stand.server.sql("select pg_current_wal_lsn()")
        try stand.server.stop()
        try stand.server.restoreData()
        try stand.server.start()
        let early = try refused(stand)
        #expect(early.contains("restored from a backup") && early.contains("snapshot: always"), "\(early)")

        try stand.source(
            "insert into item select i, repeat('new', 50) from generate_series(2, 900) i; insert into item values (901, 'last')"
        )
        #expect(try stand.server.sql("select pg_current_wal_lsn() > '\(reached)'") == "t")
        let late = try refused(stand)
        #expect(late.contains("is not in the server's log") && late.contains("snapshot: always"), "\(late)")
        // Positions that the sinks remember are of another history by now: nothing of this one is left out.
        try startOver(stand)
        try stand.deliver("update item set v = 'after' where id = 901")
        try stand.expectEqual(["public.item"])
        #expect(try lines(stand).last == "901|after")
    }

    @Test(
        "A crash of the server, after which its slot stands further back, is told from that and goes on without repeating"
    )
    func crash() throws {
        let stand = try Stand(schema: Self.schema)
        try stand.deliver()
        try stand.deliver("checkpoint; insert into item select i, 'x' from generate_series(2, 20) i")
        let confirmed = "select confirmed_flush_lsn from pg_replication_slots"
        let before = try stand.server.sql(confirmed)
        try stand.server.restart("immediate")
        #expect(try stand.server.sql("select '\(before)' > (\(confirmed))") == "t")
        try stand.deliver("insert into item values (21, 'y')")
        try stand.expectEqual(["public.item"])
        #expect(try lines(stand).count == 21)
    }

    @Test(
        "A new timeline that shares everything goes on where the old one ended, as after a failover, without repeating")
    func newTimeline() throws {
        let stand = try Stand(schema: Self.schema)
        try stand.deliver("insert into item values (2, 'two')")
        try stand.server.stop()
        try stand.server.recoverToNewTimeline()
        try stand.server.startOnNewTimeline()
        try stand.deliver("insert into item values (3, 'three')")
        try stand.expectEqual(["public.item"])
        #expect(try lines(stand) == ["1|one", "2|two", "3|three"])
        try stand.deliver("insert into item values (4, 'four')")
        #expect(try lines(stand) == ["1|one", "2|two", "3|three", "4|four"])
    }

    @Test("A timeline that left before what was delivered stops the start")
    func recoveredToEarlierPoint() throws {
        let stand = try Stand(schema: Self.schema)
        try stand.deliver()
        try stand.server.stop()
        try stand.server.saveData()
        try stand.server.start()
        try stand.deliver("insert into item values (2, 'lost')")
        try stand.server.stop()
        try stand.server.restoreData()
        try stand.server.recoverToNewTimeline()
        try stand.server.startOnNewTimeline()
        try stand.source("insert into item select i, repeat('new', 50) from generate_series(2, 900) i")
        let errors = try refused(stand)
        #expect(errors.contains("went over to timeline 2 at"), "\(errors)")
        try startOver(stand)
    }
}
