package import CoreIngest
import Synchronization

/// Appends events as lines of JSON to files: one file per output and UTC day, the next when it is full.
///
/// Guarantee: at least once, in order, whole lines only. Lines are written (and readable) before ``flush()`` makes them
/// durable. A restart leaves out what the last flush had, so that only lines written after it come again, with the
/// same `uuid`. A write that fails half-way (a full disk) goes on where it stopped when it is made again.
package final class FileSink: Sink {
    package let name: String
    package let settings: Settings
    private let renderer: EventRenderer
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>

    private struct State {
        let valid: Output
        let invalid: Output?
        var directory: OutputDirectory?
        var stateFile: OutputState?
        /// Only held for its lock.
        var invalidStateFile: OutputState?
        var checkpoint = OutputState.Checkpoint()
        /// The last event of each source that was taken since the last flush.
        var unflushed: [SourceIdentity: Position] = [:]
        var taken = TakenRecords()

        var outputs: [Output] { [valid] + (invalid.map { [$0] } ?? []) }
    }

    /// `now`: microseconds since the Unix epoch; decides which day's file is written.
    package convenience init(
        name: String, settings: Settings, renderer: EventRenderer,
        now: @escaping @Sendable () -> Int64 = { Timestamp.now() }
    ) {
        self.init(name: name, settings: settings, renderer: renderer, now: now, calls: FileCalls())
    }

    init(
        name: String, settings: Settings, renderer: EventRenderer, now: @escaping @Sendable () -> Int64,
        calls: FileCalls
    ) {
        self.name = name
        self.settings = settings
        self.renderer = renderer
        self.now = now
        // The same output for both means one stream of files.
        let deadletter = settings.deadletterOutput == settings.defaultOutput ? nil : settings.deadletterOutput
        state = Mutex(
            State(
                valid: Output(settings.defaultOutput, settings, calls),
                invalid: deadletter.map { Output($0, settings, calls) }))
    }

    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }

    /// Opens the folder, takes the lock of each output and mends what a crash left: see ``TornTail``. Answers the
    /// positions of the last flush, if the files still hold what they held then.
    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        try state.withLock { (state: inout State) throws(SinkFailure) -> [SourceIdentity: Position] in
            release(&state)
            let directory = try OutputDirectory(path: settings.directory)
            let stateFile = try OutputState(state.valid.name, in: directory)
            if let invalid = state.invalid { state.invalidStateFile = try OutputState(invalid.name, in: directory) }
            var checkpoint = stateFile.read() ?? OutputState.Checkpoint()
            if checkpoint.files.contains(where: { file, size in directory.size(of: file).map { $0 < size } ?? true }) {
                checkpoint = OutputState.Checkpoint()
            }
            for output in state.outputs { try output.open(in: directory, trusted: checkpoint.files) }
            state.directory = directory
            state.stateFile = stateFile
            state.checkpoint = checkpoint
            return checkpoint.positions
        }
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        state.withLock { state in
            let day = today()
            do throws(SinkFailure) {
                guard let invalid = state.invalid else {
                    try append(slices, .all, to: state.valid, day, &state)
                    return taken(slices, &state)
                }
                try append(slices, .valid, to: state.valid, day, &state)
                try append(slices, .invalid, to: invalid, day, &state)
                return taken(slices, &state)
            } catch {
                return .failed(error)
            }
        }
    }

    package func flush() async throws(SinkFailure) {
        try state.withLock { (state: inout State) throws(SinkFailure) in
            guard let directory = state.directory else {
                throw SinkFailure(.other, "the folder \(settings.directory) is not open", reopen: true)
            }
            let day = today()
            do throws(SinkFailure) {
                for output in state.outputs { try output.flush(day: day) }
                try directory.synchronize()
                try directory.checkIsStillThere()
            } catch {
                // All that was taken since the last flush comes again, so nothing may be remembered of it.
                state.unflushed.removeAll()
                state.taken.forget()
                throw error
            }
            guard !state.unflushed.isEmpty else { return }
            // Once something of a history is written, earlier ones of the same source do not come back.
            for source in state.unflushed.keys where state.checkpoint.positions[source] == nil {
                state.checkpoint.positions = state.checkpoint.positions.filter { $0.key.name != source.name }
            }
            state.checkpoint.positions.merge(state.unflushed) { max($0, $1) }
            state.unflushed.removeAll()
            state.checkpoint.files.removeAll()
            for output in state.outputs {
                guard let file = output.file else { continue }
                state.checkpoint.files[file.name.text(output.name, settings.compression)] = file.size
            }
            state.stateFile?.write(state.checkpoint)
        }
    }

    package func close() async {
        state.withLock { release(&$0) }
    }

    private func release(_ state: inout State) {
        for output in state.outputs { output.close() }
        state.directory = nil
        state.stateFile = nil
        state.invalidStateFile = nil
        state.unflushed.removeAll()
        state.taken.forget()
    }

    private func append(
        _ slices: [BatchSlice], _ selection: LineRun.Selection, to output: Output, _ day: String, _ state: inout State
    ) throws(SinkFailure) {
        let runs = LineRun.runs(of: slices, selection, except: state.taken, as: settings.format, by: renderer)
        if !runs.isEmpty { try output.append(runs, day: day, taken: &state.taken) }
    }

    private func taken(_ slices: [BatchSlice], _ state: inout State) -> WriteOutcome {
        state.taken.forget()
        for slice in slices where !slice.range.isEmpty {
            let last = slice.batch.records[slice.range.upperBound - 1].position
            state.unflushed[slice.batch.source] = max(state.unflushed[slice.batch.source] ?? .start, last)
        }
        return .delivered
    }

    /// `2026-11-21`
    private func today() -> String { String(Timestamp.text(now()).prefix(10)) }
}
