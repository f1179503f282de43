import CoreIngest
import Glibc
import Synchronization
import TestServers

@testable import Sinks

/// Servers that the Postgres tests share, one per major version, stopped at the end of the process. Each test has a database of
/// its own.
enum SharedPostgres {
    private struct State {
        var servers: [Int: PostgresServer] = [:]
        var databases = 0
        var stopsAtExit = false
    }

    private static let state = Mutex(State())

    /// A new database, on a server that may be running already.
    static func database(_ major: Int = PostgresServer.usual) throws -> TestDatabase {
        try state.withLock { state in
            if !state.stopsAtExit { atexit { SharedPostgres.stopAll() } }
            state.stopsAtExit = true
            let server = try state.servers[major] ?? PostgresServer(major, settings: ["max_connections=60"])
            state.servers[major] = server
            state.databases += 1
            let name = "test_\(state.databases)"
            try server.sql("CREATE DATABASE \(name)")
            return TestDatabase(server: server, name: name)
        }
    }

    private static func stopAll() {
        state.withLock { state in
            for server in state.servers.values { try? server.stop("immediate") }
            state.servers = [:]
        }
    }
}

/// One database of a throwaway server.
struct TestDatabase: Sendable {
    let server: PostgresServer
    let name: String

    var url: String { server.url(name) }

    @discardableResult
    func sql(_ text: String) throws -> String { try server.sql(text, database: name) }
}

/// Makes batches as the decoder does, with positions that only grow.
final class BatchMaker {
    let source: SourceIdentity
    private var builder = EventBatchBuilder(capacity: 1 << 16)
    private(set) var commit: UInt64 = 0x1000
    private var ordinal: UInt64 = 0

    init(_ source: SourceIdentity = SourceIdentity(name: "shop", systemIdentifier: 7_000_000_000_000_000_001)) {
        self.source = source
    }

    /// Starts the next transaction.
    func begin() {
        commit += 0x100
        ordinal = 0
    }

    var isEmpty: Bool { builder.isEmpty }

    /// Adds one event and answers its position. `announces`: it stands before the one that is added next.
    @discardableResult
    func add(
        _ operation: Operation, _ stream: StreamDescriptor, _ payload: String = "", key: String? = nil,
        before: String? = nil,
        unchanged: String? = nil, flags: EventRecord.Flags = [], uuid: UInt64? = nil, announces: Bool = false
    ) -> Position {
        var record = EventRecord()
        record.operation = operation
        record.position = Position(commit: commit, ordinal: ordinal)
        if announces { record.position = .before(record.position) }
        record.uuidHigh = commit
        record.uuidLow = uuid ?? ordinal
        record.stream = builder.index(of: stream)
        record.payload = put(payload)
        record.key = put(key ?? "")
        record.before = put(before ?? "")
        record.unchanged = put(unchanged ?? "")
        record.flags = flags
        builder.append(record)
        if !announces { ordinal += 1 }
        return record.position
    }

    private func put(_ text: String) -> ByteRange {
        if text.isEmpty { return .none }
        let start = builder.arena.count
        builder.arena.append(text: text)
        return ByteRange(from: start, to: builder.arena.count)
    }

    func seal() -> EventBatch {
        builder.seal(source: source, acknowledge: commit, receivedAt: 1_700_000_000_000_000)
    }
}

/// Does for a sink what its lane does: opens it again after a failure that asks for it, leaves out what the sink has, and
/// calls again with the rest.
final class LaneStandIn<Destination: Sink> {
    private(set) var sink: Destination
    private(set) var rejections: [(position: Position, failure: SinkFailure)] = []
    private(set) var reopened = 0
    /// Writes that failed, and were done again.
    private(set) var failures = 0
    private var known: [SourceIdentity: Position] = [:]

    init(_ sink: Destination) { self.sink = sink }

    struct GaveUp: Error, CustomStringConvertible {
        var description: String
    }

    func open() async throws {
        for attempt in 1... {
            do {
                known = try await sink.open()
                return
            } catch {
                // The server needs a moment to notice that the last session is gone.
                if attempt == 200 { throw GaveUp(description: "open: \(error)") }
                usleep(20_000)
            }
        }
    }

    /// As after a crash: another process takes over and is sent again what came last.
    func restart(with next: Destination, resending batches: [EventBatch]) async throws {
        await sink.close()
        sink = next
        known = [:]
        try await open()
        for batch in batches { try await deliver(batch) }
    }

    func deliver(_ slices: [BatchSlice]) async throws {
        for _ in 0..<200 {
            let wanted = slices.flatMap { wantedParts(of: $0) }
            if wanted.isEmpty { return }
            switch await sink.write(wanted) {
            case .delivered: return
            case .rejected(let rejected):
                for rejection in rejected {
                    let record = wanted[rejection.slice].batch.records[rejection.record]
                    rejections.append((record.position, rejection.failure))
                }
                return
            case .refused(let failure): throw GaveUp(description: "refused: \(failure)")
            case .failed(let failure):
                failures += 1
                if failure.reopen {
                    reopened += 1
                    try await open()
                } else if failure.code != .unavailable {
                    throw GaveUp(description: "\(failure)")
                }
            }
        }
        throw GaveUp(description: "too many attempts")
    }

    func deliver(_ batch: EventBatch) async throws { try await deliver([BatchSlice(batch)]) }

    private func wantedParts(of slice: BatchSlice) -> [BatchSlice] {
        guard let last = known[slice.batch.source] else { return [slice] }
        guard let first = slice.range.first(where: { slice.batch.records[$0].position > last }) else { return [] }
        return [BatchSlice(slice.batch, range: first..<slice.range.upperBound)]
    }
}

func testSink(
    _ database: TestDatabase, mode: PostgresSinkSettings.Mode = .mirror, url: String? = nil, name: String = "replica",
    _ change: (inout PostgresSinkSettings) -> Void = { _ in }
) -> PostgresSink {
    var settings = PostgresSinkSettings(name: name, url: url ?? database.url, mode: mode)
    change(&settings)
    return PostgresSink(
        settings, renderer: EventRenderer(instance: .init(name: "test", environment: "test", version: "0")))
}

/// A descriptor of a table; the key's columns are those that say so.
func testStream(_ table: String, schema: String = "public", _ columns: [StreamDescriptor.Column]) -> StreamDescriptor {
    guard let name = SchemaName(parsing: "iglu:com.acme/\(SchemaName.part(from: table))/jsonschema/1-0-0") else {
        preconditionFailure("a name made of parts is a name")
    }
    return StreamDescriptor(
        database: "shop", schemaName: schema, table: table, columns: columns,
        keyColumns: columns.indices.filter { columns[$0].isKey }, schema: name, validator: nil)
}

/// `orders(id bigint key, name text, note text)`
func ordersStream(_ table: String = "orders") -> StreamDescriptor {
    testStream(
        table,
        [
            .init(name: "id", sqlType: "bigint", kind: .integer(bits: 64), isNullable: false, isKey: true),
            .init(name: "name", sqlType: "text", kind: .string(maxLength: nil)),
            .init(name: "note", sqlType: "text", kind: .string(maxLength: nil)),
        ])
}
