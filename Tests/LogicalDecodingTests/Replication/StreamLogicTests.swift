import CoreIngest
import Testing

@testable import LogicalDecoding

/// The parts of the reader that have no I/O.
@Suite
struct StreamLogicTests {
    private func lsn(_ value: UInt64) -> LogSequenceNumber { LogSequenceNumber(value) }

    @Test("Only ends of commits and keepalives outside transactions are acknowledged")
    func acknowledges() {
        var progress = StreamProgress(from: lsn(100))
        progress.began()
        progress.kept(alive: lsn(150))
        #expect(progress.acknowledge == 0)
        progress.offered()
        #expect(progress.handedOver == lsn(100))
        #expect(progress.takeAdvance() == nil)
        progress.committed(lsn(200))
        #expect(progress.acknowledge == 200)
        progress.offered()
        #expect(progress.handedOver == lsn(200))
        #expect(progress.acknowledge == 0)
        progress.kept(alive: lsn(300))
        #expect(progress.takeAdvance() == lsn(300))
        #expect(progress.takeAdvance() == nil)
        // An empty transaction is advanced past.
        progress.began()
        progress.committed(lsn(400))
        #expect(progress.takeAdvance() == lsn(400))
    }

    @Test("A keepalive from before a transaction still counts after that has begun")
    func keepsAdvance() {
        var progress = StreamProgress(from: lsn(100))
        progress.kept(alive: lsn(250))
        progress.began()
        #expect(progress.acknowledge == 0)
        #expect(progress.takeAdvance() == lsn(250))
    }

    @Test("What is acknowledged never falls, and never passes an open transaction", arguments: 0..<50)
    func randomWalk(seed: UInt64) {
        var random = SplitMix(state: seed)
        var progress = StreamProgress(from: lsn(1))
        var server: UInt64 = 1
        var told: UInt64 = 1
        var openSince: UInt64?
        for step in 0..<500 {
            switch random.next() % 5 {
            case 0 where openSince == nil:
                openSince = server
                progress.began()
            case 1 where openSince != nil:
                server += random.next() % 100 + 1
                openSince = nil
                progress.committed(lsn(server))
            case 2:
                server += random.next() % 10
                if openSince == nil { progress.kept(alive: lsn(server)) }
            case 3:
                let token = progress.acknowledge
                progress.offered()
                if token > 0 {
                    #expect(token > told, "seed \(seed), step \(step)")
                    told = token
                }
            default:
                if let target = progress.takeAdvance() {
                    #expect(target.rawValue > told, "seed \(seed), step \(step)")
                    told = target.rawValue
                }
            }
            #expect(told <= server)
            if let openSince { #expect(told <= max(openSince, told)) }
        }
    }

    @Test("The status goes out at its interval, at once when asked, and soon after an acknowledgement")
    func schedule() {
        let start = ContinuousClock.now
        var schedule = StatusSchedule(
            interval: .seconds(10), senderTimeout: .seconds(6), flushed: lsn(5), now: start)
        #expect(schedule.interval == .seconds(2))
        #expect(schedule.isDue(at: start, settled: lsn(5)))
        let first = schedule.send(at: start, settled: lsn(5))
        #expect(first.flush == lsn(5) && first.wantsReply)
        #expect(!schedule.isDue(at: start + .seconds(1), settled: lsn(5)))
        #expect(schedule.isDue(at: start + .seconds(2), settled: lsn(5)))
        #expect(!schedule.isDue(at: start + .milliseconds(50), settled: lsn(6)))
        #expect(schedule.isDue(at: start + .milliseconds(100), settled: lsn(6)))
        schedule.asked()
        #expect(schedule.isDue(at: start + .milliseconds(1), settled: lsn(5)))
        #expect(schedule.send(at: start + .milliseconds(1), settled: lsn(9)).flush == lsn(9))
        // It never goes back.
        #expect(schedule.send(at: start + .seconds(2), settled: lsn(7)).flush == lsn(9))
    }

    @Test("Silence is first asked about, then the connection is given up")
    func silence() {
        let start = ContinuousClock.now
        var schedule = StatusSchedule(interval: .seconds(1), senderTimeout: .seconds(6), flushed: .none, now: start)
        _ = schedule.send(at: start, settled: .none)
        #expect(!schedule.send(at: start + .seconds(1), settled: .none).wantsReply)
        #expect(schedule.send(at: start + .seconds(3), settled: .none).wantsReply)
        #expect(!schedule.isDead(at: start + .seconds(10)))
        #expect(schedule.isDead(at: start + .seconds(11)))
        schedule.heard(at: start + .seconds(10))
        #expect(!schedule.isDead(at: start + .seconds(20)))
    }

    @Test("A caught-up reader never rests")
    func neverRestsWhenCaughtUp() {
        var pacing = GatherPacing(isEnabled: true)
        pacing.drained(bytes: 100)
        #expect(pacing.next(readable: 0) == .wait)
        #expect(!pacing.isSustained)
        var disabled = GatherPacing(isEnabled: false)
        disabled.drained(bytes: 100_000)
        #expect(disabled.next(readable: 0) == .wait)
    }

    @Test("With a backlog it rests while the socket fills, and reads when that is full or fills no more")
    func restsWhileFilling() {
        var pacing = GatherPacing(isEnabled: true)
        pacing.drained(bytes: 16_000)
        #expect(pacing.next(readable: 1000) == .rest(microseconds: GatherPacing.sliceMicroseconds))
        #expect(pacing.next(readable: 3000) == .rest(microseconds: GatherPacing.sliceMicroseconds))
        #expect(pacing.next(readable: 3000) == .read)
        pacing.drained(bytes: 9000)
        #expect(pacing.next(readable: GatherPacing.enough) == .read)
        pacing.drained(bytes: 16_000)
        #expect(pacing.isSustained)
        for _ in 0..<GatherPacing.maxSlices {
            #expect(pacing.next(readable: 0) == .rest(microseconds: GatherPacing.sliceMicroseconds))
        }
        #expect(pacing.next(readable: 0) == .wait)
        // A long wait says that it has caught up.
        pacing.waited(.milliseconds(5))
        #expect(!pacing.isSustained)
    }

    @Test("A steady flow of single messages is a backlog too")
    func steadyFlow() {
        var pacing = GatherPacing(isEnabled: true)
        for _ in 0..<GatherPacing.shortWaits {
            pacing.drained(bytes: 100)
            #expect(pacing.next(readable: 0) == .wait)
            pacing.waited(.microseconds(20))
        }
        pacing.drained(bytes: 100)
        #expect(pacing.next(readable: 0) == .rest(microseconds: GatherPacing.sliceMicroseconds))
        pacing.waited(.milliseconds(10))
        pacing.drained(bytes: 100)
        #expect(pacing.next(readable: 0) == .wait)
    }

    @Test("Pauses between attempts double up to ten seconds")
    func backoff() {
        var backoff = ReconnectBackoff()
        let pauses = (0..<9).map { _ in backoff.next(random: 0) }
        #expect(pauses.first == .milliseconds(50))
        #expect(pauses[1] == .milliseconds(100))
        #expect(pauses.last == .seconds(5))
        backoff.reset()
        #expect(backoff.next(random: 0.999) <= .milliseconds(100))
    }

    @Test("START_REPLICATION asks for what the version knows")
    func command() {
        let old = ReplicationCommand.start(
            slot: "s", publication: "we\"ird'p", from: lsn(0x1_0000_00AB), serverVersion: 140_003)
        #expect(
            old
                == "START_REPLICATION SLOT \"s\" LOGICAL 1/AB (proto_version '2', publication_names '\"we\"\"ird''p\"', messages 'true')"
        )
        #expect(ReplicationCommand.protocolVersion(150_000) == 3)
        #expect(ReplicationCommand.protocolVersion(180_001) == 4)
    }

    @Test(
        "Frames that are too short or unknown are errors",
        arguments: [[], [0x77], [0x6B, 1, 2], [0x7A, 0, 0]] as [[UInt8]])
    func badFrames(bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            do throws(SourceError) {
                _ = try ReplicationFrame(buffer)
                Issue.record("taken")
            } catch {
                #expect(error.code == .malformedMessage)
                #expect(SourceErrorPolicy.reaction(to: error) == .stop)
            }
        }
    }

    @Test(
        "Patterns name tables",
        arguments: [
            (["public.*", "!public.audit_*"], "public", "orders", true),
            (["public.*", "!public.audit_*"], "public", "audit_x", false),
            (["!public.audit_*", "public.*"], "public", "audit_x", false), (["orders"], "public", "orders", true),
            (["orders"], "sales", "orders", false), (["*.orders"], "sales", "orders", true), (["*"], "a", "b", true),
            (["!public.x"], "public", "y", true), (["public.*"], "publicity", "y", false),
            (["public.a*b*c"], "public", "aXbYbZc", true), (["public.a*b*c"], "public", "aXbYbZ", false),
            (["public.*"], "public", "we.ird \"näme\" 🐘", true), ([], "public", "a", false),
        ] as [([String], String, String, Bool)])
    func patterns(patterns: [String], schema: String, table: String, matches: Bool) {
        #expect(TablePatterns(patterns).matches(schema: schema, table: table) == matches)
    }

    @Test(
        "Secrets are taken out of messages",
        arguments: [
            ("connect postgres://u:p@ss/w@h:1/d failed", "connect postgres://u:***@h:1/d failed"),
            ("host=h password=abc user=u", "host=h password=*** user=u"),
            ("password='a b\\'c' user=u", "password=*** user=u"), ("topsecret here", "*** here"),
            ("a\n  b\n", "a; b"),
        ])
    func secrets(text: String, clean: String) {
        #expect(SecretMask.clean(text, secrets: ["topsecret"]) == clean)
    }

    @Test("Names and values are quoted")
    func quoting() {
        #expect(SQLText.identifier("a\"b") == "\"a\"\"b\"")
        #expect(SQLText.literal("it's") == "'it''s'")
        #expect(SQLText.literal("a\\'b") == " E'a\\\\''b'")
    }
}

/// A small generator with a printed seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
