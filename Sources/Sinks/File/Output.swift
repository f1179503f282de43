import CoreIngest
import Glibc

/// One stream of files: which file is written, when the next begins, and, for compressed ones, the members on their way.
final class Output {
    let name: OutputName
    private let settings: FileSink.Settings
    private let calls: FileCalls
    private var directory: OutputDirectory?
    private(set) var file: OutputFile?
    private var compressor: (any MemberCompressor)?
    /// Members that are not in a file yet.
    private var pending = ByteArena(capacity: 64)
    /// Whether `pending` holds only whole members, to be written before another is begun.
    private var isPendingWhole = false
    /// Bytes of lines in the open member.
    private var openBytes = 0

    /// An open member is ended at so many bytes of lines, which bounds memory where flushes are rare.
    private static let maximumMemberBytes = 16 << 20

    init(_ name: OutputName, _ settings: FileSink.Settings, _ calls: FileCalls) {
        self.calls = calls
        self.name = name
        self.settings = settings
    }

    /// Starts anew in a folder: mends the newest file. `trusted`: bytes per file that are known to be whole.
    ///
    /// Members that are not in a file are dropped: what was not flushed is handed over again.
    func open(in directory: OutputDirectory, trusted: [String: Int]) throws(SinkFailure) {
        close()
        self.directory = directory
        for compression in OutputCompression.allCases {
            guard let newest = try directory.newest(name, compression) else { continue }
            let text = newest.text(name, compression)
            let tail = try TornTail(mending: text, in: directory, compression, trusted: trusted[text] ?? 0)
            if compression == settings.compression {
                file = try OutputFile(
                    newest, text: text, in: directory, wholeSize: tail.wholeSize, mode: settings.fileMode,
                    calls: calls)
            }
        }
    }

    func close() {
        file = nil
        directory = nil
        dropMembers()
    }

    private func dropMembers() {
        compressor = nil
        pending.truncate(to: 0)
        isPendingWhole = false
        openBytes = 0
    }

    /// Writes runs. Throws with the records that were not written: those that were are added to `taken`.
    func append(_ runs: [LineRun], day: String, taken: inout TakenRecords) throws(SinkFailure) {
        let bytes = runs.reduce(0) { $0 + $1.bytes.count }
        if settings.compression != .none {
            // Members that a full disk left over go first: without room for them nothing more is taken.
            try writePending(day: day)
            try compress(runs)
            // The events are taken now, so a failure here is for the next call to report.
            if openBytes >= Self.maximumMemberBytes {
                try endMember()
                try? writePending(day: day)
            }
        } else if bytes > 0 {
            let file = try fileFor(bytes, day: day)
            do {
                try file.append(runs.map(\.bytes)) { Self.wholeLines(of: runs, within: $0).bytes }
            } catch {
                let (_, next) = Self.wholeLines(of: runs, within: error.written)
                for (index, run) in runs.prefix(next.run + 1).enumerated() {
                    taken.add(run.batch, index < next.run ? run.range : run.range.lowerBound..<next.record)
                }
                throw error.failure
            }
        }
        for run in runs { taken.add(run.batch, run.range) }
    }

    /// Returns when everything taken is in a file and on disk.
    ///
    /// A failure takes back what was not flushed before, as far as the disk lets it: it will be handed over again.
    func flush(day: String) throws(SinkFailure) {
        do throws(SinkFailure) {
            if openBytes > 0 { try endMember() }
            try writePending(day: day)
            try file?.synchronize()
        } catch {
            dropMembers()
            file?.takeBack()
            throw error
        }
    }

    /// The file that takes so many more bytes: the present one, or the next by size or day.
    private func fileFor(_ bytes: Int, day: String) throws(SinkFailure) -> OutputFile {
        guard let directory else {
            throw SinkFailure(.other, "the output '\(name)' is not open", reopen: true)
        }
        var next = OutputFileName(day: day, sequence: 0)
        if let file {
            // A clock that was set back does not lead back to an earlier file: files stay in the order of events.
            let isFull = file.size > 0 && file.size + bytes > settings.maxFileBytes
            if !isFull && day <= file.name.day { return file }
            try file.synchronize()
            if day <= file.name.day { next = OutputFileName(day: file.name.day, sequence: file.name.sequence + 1) }
        }
        let created = try OutputFile(
            next, text: next.text(name, settings.compression), in: directory, wholeSize: nil, mode: settings.fileMode,
            calls: calls)
        file = created
        return created
    }

    /// Of `count` bytes of runs: how many are whole lines, and where the first line that is not begins.
    private static func wholeLines(
        of runs: [LineRun], within count: Int
    ) -> (bytes: Int, next: (run: Int, record: Int)) {
        var before = 0
        for (index, run) in runs.enumerated() {
            let size = run.bytes.count
            if before + size > count {
                let (bytes, next) = run.wholeLines(within: count - before)
                return (before + bytes, (index, next))
            }
            before += size
        }
        return (before, (runs.count, 0))
    }

    private func compress(_ runs: [LineRun]) throws(SinkFailure) {
        do {
            if compressor == nil { compressor = try settings.compression.makeCompressor() }
            for run in runs where !run.bytes.isEmpty {
                try compressor?.append(run.bytes, into: &pending)
                openBytes += run.bytes.count
            }
        } catch {
            throw compressionFailed(error)
        }
    }

    private func endMember() throws(SinkFailure) {
        do { try compressor?.finish(into: &pending) } catch { throw compressionFailed(error) }
        isPendingWhole = true
        openBytes = 0
    }

    private func compressionFailed(_ error: CompressionFailure) -> SinkFailure {
        SinkFailure(
            .other, "compressing the output '\(name)': \(error.message); the write is tried again", reopen: true)
    }

    /// Puts whole members into a file, all or none.
    private func writePending(day: String) throws(SinkFailure) {
        guard isPendingWhole else { return }
        let file = try fileFor(pending.count, day: day)
        do { try file.append([pending.bytes], whole: { _ in 0 }) } catch { throw error.failure }
        pending.truncate(to: 0)
        isPendingWhole = false
    }
}
