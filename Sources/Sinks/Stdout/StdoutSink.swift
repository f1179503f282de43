import CLinux
package import CoreIngest
import Glibc
import Synchronization

/// Writes events to standard output: as lines for a program, as a coloured summary for a person at a terminal.
///
/// Guarantee: at least once, in order, whole lines. A line counts as delivered when the system has taken it: what its
/// reader does with it is not known here. The application ignores SIGPIPE, so that a reader that left is a failure that
/// is told.
package final class StdoutSink: Sink {
    package struct Settings: Sendable {
        package enum Style: String, Sendable, CaseIterable {
            /// The format's lines.
            case lines
            /// One short line for people.
            case summary
            /// A summary on a terminal, lines elsewhere.
            case auto
        }

        package enum Color: String, Sendable, CaseIterable {
            /// On a terminal, unless NO_COLOR is set to anything or TERM is `dumb`.
            case auto
            case always
            case never
        }

        package var format: EventFormat
        package var style: Style
        package var color: Color
        /// Show events that failed validation too, instead of leaving them to the lane's dead letters.
        package var takesInvalidEvents: Bool
        /// How long the reader may stand still before the write fails (and is tried again), in milliseconds.
        package var timeLimit: Int

        package init(
            format: EventFormat = .envelope, style: Style = .auto, color: Color = .auto,
            takesInvalidEvents: Bool = false,
            timeLimit: Int = 30_000
        ) {
            self.format = format
            self.style = style
            self.color = color
            self.takesInvalidEvents = takesInvalidEvents
            self.timeLimit = timeLimit
        }
    }

    package let name: String
    package let settings: Settings
    private let renderer: EventRenderer
    private let descriptor: Int32
    private let writer: DescriptorWriter
    private let isTerminal: Bool
    private let usesColor: Bool
    private let state = Mutex(State())

    private struct State {
        /// The rest of a line that a failure cut off: goes out before anything else.
        var rest: [UInt8] = []
        var taken = TakenRecords()
    }

    /// `descriptor`: where to write, not closed by the sink. `environment`: looks up a variable.
    package init(
        name: String, settings: Settings = Settings(), renderer: EventRenderer, descriptor: Int32 = 1,
        environment: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) {
        self.name = name
        self.settings = settings
        self.renderer = renderer
        self.descriptor = descriptor
        writer = DescriptorWriter(
            descriptor: descriptor, title: descriptor == 1 ? "standard output" : "descriptor \(descriptor)",
            timeLimit: Int32(clamping: max(1, settings.timeLimit)))
        isTerminal = isatty(descriptor) == 1
        switch settings.color {
        case .always: usesColor = true
        case .never: usesColor = false
        case .auto: usesColor = isTerminal && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
        }
    }

    package var takesInvalidEvents: Bool { settings.takesInvalidEvents }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        guard fcntl(descriptor, F_GETFD, 0) >= 0 else {
            throw SinkFailure(.misconfigured, "\(writer.title) is closed; start buz-cdc with it open", reopen: true)
        }
        return [:]
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        state.withLock { state in
            if let failure = finishLine(&state) { return .failed(failure) }
            let summary: SummaryLine?
            switch settings.style {
            case .lines: summary = nil
            case .summary: summary = makeSummary()
            case .auto: summary = isTerminal ? makeSummary() : nil
            }
            let failure =
                if summary != nil || isTerminal {
                    show(slices, summary, &state)
                } else {
                    pass(slices, &state)
                }
            if let failure { return .failed(failure) }
            state.taken.forget()
            return .delivered
        }
    }

    /// Makes the lines durable where standard output is a file; does nothing where it is a pipe or a terminal.
    package func flush() async throws(SinkFailure) {
        guard DescriptorWriter.isRegularFile(descriptor) else { return }
        if fdatasync(descriptor) != 0, errno != EINVAL, errno != EROFS {
            throw .system(errno, "making \(writer.title) durable", reopen: true)
        }
    }

    package func close() async {}

    private func makeSummary() -> SummaryLine {
        let columns = isTerminal ? Int(shim_terminal_columns(descriptor)) : 0
        return SummaryLine(usesColor: usesColor, width: columns > 0 ? columns : nil)
    }

    /// For a program: the format's lines as they are, many per write.
    private func pass(_ slices: [BatchSlice], _ state: inout State) -> SinkFailure? {
        for run in LineRun.runs(of: slices, .all, except: state.taken, as: settings.format, by: renderer) {
            let bytes = run.bytes
            let (written, failure) = writer.write(bytes)
            guard let failure else {
                state.taken.add(run.batch, run.range)
                continue
            }
            var (whole, next) = run.wholeLines(within: written)
            if whole < written {
                // The line that was begun counts as taken: its rest follows.
                next += 1
                whole = run.rendered.lines(run.range.lowerBound..<next).count
                state.rest = Array(bytes[written..<whole])
            }
            state.taken.add(run.batch, run.range.lowerBound..<next)
            return failure
        }
        return nil
    }

    /// For a terminal: line by line, and nothing in them that it would obey.
    private func show(_ slices: [BatchSlice], _ summary: SummaryLine?, _ state: inout State) -> SinkFailure? {
        for slice in slices {
            let rendered = summary == nil ? slice.batch.rendered(as: settings.format, by: renderer) : nil
            defer { withExtendedLifetime(rendered) {} }
            for index in state.taken.missing(of: slice).joined() {
                var line: [UInt8] = []
                if let summary {
                    line = summary.bytes(of: slice.batch.records[index], in: slice.batch)
                } else if let text = rendered?.line(index), !text.isEmpty {
                    line = TerminalText.harmless(text) + [0x0A]
                }
                let (written, failure) = line.withUnsafeBytes { writer.write($0) }
                if let failure {
                    if written > 0 {
                        state.rest = Array(line[written...])
                        state.taken.add(slice.batch, index..<index + 1)
                    }
                    return failure
                }
                state.taken.add(slice.batch, index..<index + 1)
            }
        }
        return nil
    }

    private func finishLine(_ state: inout State) -> SinkFailure? {
        guard !state.rest.isEmpty else { return nil }
        let (written, failure) = state.rest.withUnsafeBytes { writer.write($0) }
        state.rest.removeFirst(written)
        return failure
    }
}
