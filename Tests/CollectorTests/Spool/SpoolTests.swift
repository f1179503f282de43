import CoreIngest
import Logging
import TestServers
import Testing

@testable import Collector

#if canImport(Glibc)
    import Glibc
#endif

@Suite("The spool")
struct SpoolTests {
    private let folder: TemporaryFolder
    private let directory: String

    init() throws {
        folder = try TemporaryFolder("spool")
        directory = folder.path + "/spool"
    }

    private func open(_ change: (inout SpoolSettings) -> Void = { _ in }) throws -> Spool {
        var settings = SpoolSettings()
        change(&settings)
        return try Spool(directory: directory, settings: settings, logger: .quiet)
    }

    /// Writes each text as an event of a chunk of its own, and answers where they end.
    @discardableResult
    private func write(_ texts: [String], to spool: Spool) async throws -> [UInt64] {
        let running = Task { await spool.run() }
        var ends: [UInt64] = []
        for text in texts {
            let outcome: Spool.Outcome = await withCheckedContinuation { continuation in
                spool.append(SpoolChunk(text)) { outcome in continuation.resume(returning: outcome) }
            }
            switch outcome {
            case .written(let end): ends.append(end)
            case .failed(let error): throw error
            }
        }
        spool.stop()
        await running.value
        return ends
    }

    private func read(_ spool: Spool, from offset: UInt64? = nil, damages: inout [String]) throws -> [String] {
        var reader = SpoolReader(spool, at: offset ?? spool.acknowledged)
        var texts: [String] = []
        while let frame = try reader.next(damage: { damages.append($0) }) {
            for event in CollectedEventSequence(frame.events) {
                texts.append(String(decoding: event[.payload], as: UTF8.self))
            }
        }
        return texts
    }

    private func read(_ spool: Spool, from offset: UInt64? = nil) throws -> [String] {
        var damages: [String] = []
        let texts = try read(spool, from: offset, damages: &damages)
        #expect(damages.isEmpty)
        return texts
    }

    private var segments: [String] { get throws { try FileSystem.list(directory).filter { $0.hasSuffix(".seg") } } }

    @Test("What was written is read back, and again after a restart, over files")
    func round() async throws {
        let texts = (0..<500).map { "{\"n\":\($0),\"pad\":\"\(String(repeating: "x", count: $0 * 3))\"}" }
        var spool = try open { $0.maxBytes = 1 << 20 }
        let ends = try await write(texts, to: spool)
        #expect(try segments.count > 1)
        #expect(try read(spool) == texts)
        #expect(ends == ends.sorted())
        let history = spool.history
        spool = try open()
        #expect(spool.history == history)
        #expect(try read(spool) == texts)
        // Offsets are never given out twice.
        let more = try await write(["more"], to: spool)
        #expect(more[0] > ends[499])
        #expect(try read(spool) == texts + ["more"])
    }

    @Test("What is acknowledged does not come again, and its files go")
    func acknowledged() async throws {
        let texts = (0..<200).map { "\($0) \(String(repeating: "x", count: 1000))" }
        var spool = try open { $0.maxBytes = 1 << 19 }
        let ends = try await write(texts, to: spool)
        let before = try segments
        try spool.persist(acknowledged: ends[149])
        #expect(try segments.count < before.count)
        #expect(try read(spool) == Array(texts[150...]))
        spool = try open()
        #expect(spool.acknowledged == ends[149])
        #expect(try read(spool) == Array(texts[150...]))
        try spool.persist(acknowledged: ends[199])
        spool = try open()
        #expect(try read(spool) == [])
        #expect(try segments == [])
        #expect(spool.status.unacknowledgedBytes == 0)
        try await write(["next"], to: spool)
        #expect(try read(spool) == ["next"])
    }

    @Test("A torn tail is cut off, wherever it is torn")
    func torn() async throws {
        let spool = try open()
        try await write(["one", "two", "three"], to: spool)
        let path = directory + "/" + (try #require(try segments.first))
        let whole = try FileSystem.contents(path)
        let last = whole.count - (SpoolSegment.frameHeaderBytes + SpoolChunk("three").byteCount)
        for length in stride(from: whole.count - 1, through: last, by: -1) {
            try FileSystem.write(Array(whole[..<length]), path)
            #expect(try read(try open()) == ["one", "two"])
            #expect(try FileSystem.contents(path).count == last)
        }
        // A bit that flipped in the last frame is a torn tail too.
        var flipped = whole
        flipped[whole.count - 5] ^= 1
        try FileSystem.write(flipped, path)
        #expect(try read(try open()) == ["one", "two"])
        try FileSystem.write(Array(whole[..<10]), path)
        #expect(try read(try open()) == [])
    }

    @Test("Damage in the middle is told, and what follows in other files is read")
    func damaged() async throws {
        var spool = try open { $0.maxBytes = 1 << 18 }
        let texts = (0..<150).map { "\($0) \(String(repeating: "x", count: 1000))" }
        try await write(texts, to: spool)
        let names = try segments
        #expect(names.count == 3)
        var bytes = try FileSystem.contents(directory + "/" + names[0])
        bytes[bytes.count / 2] ^= 1
        try FileSystem.write(bytes, directory + "/" + names[0])
        spool = try open()
        var damages: [String] = []
        let found = try read(spool, damages: &damages)
        #expect(damages.count == 1)
        #expect(found.count > 100)
        #expect(texts.suffix(60).allSatisfy(found.contains))
        #expect(found == texts.filter(found.contains))
    }

    @Test("A full spool admits nothing until something is delivered")
    func full() async throws {
        let spool = try open {
            $0.maxBytes = 1 << 18
            $0.maxPendingBytes = 1 << 17
        }
        #expect(spool.shortage(1 << 17) == nil)
        #expect(spool.shortage(1 << 17 + 1) != nil)
        let ends = try await write((0..<250).map { "\($0) \(String(repeating: "x", count: 1000))" }, to: spool)
        #expect(spool.shortage(10_000) != nil)
        #expect(spool.status.oldest != nil)
        try spool.persist(acknowledged: ends[249])
        #expect(spool.shortage(10_000) == nil)
        #expect(spool.status.oldest == nil)
    }

    @Test("Delivered files are written over, and what is left in them is not taken for something new")
    func reused() async throws {
        let text = String(repeating: "x", count: 1000)
        let spool = try open { $0.maxBytes = 1 << 20 }
        let running = Task { await spool.run() }
        func append(_ texts: [String]) async throws -> UInt64 {
            var last: UInt64 = 0
            for text in texts {
                let outcome: Spool.Outcome = await withCheckedContinuation { continuation in
                    spool.append(SpoolChunk(text)) { outcome in continuation.resume(returning: outcome) }
                }
                guard case .written(let end) = outcome else { throw StateError(.failed, "not written") }
                last = end
            }
            return last
        }
        for round in 0..<3 {
            let end = try await append((0..<300).map { "\(round) \($0) \(text)" })
            try spool.persist(acknowledged: end)
        }
        _ = try await append(["kept \(text)", "kept too"])
        let files = try FileSystem.list(directory)
        #expect(files.count { $0.hasSuffix(SpoolSpares.suffix) } == 1)
        // As after a crash: the file that is written to has its old length.
        let active = directory + "/" + (try #require(try segments.last))
        #expect(try FileSystem.contents(active).count >= 1 << 18)
        let found = try SpoolRecovery.recover(directory, acknowledged: spool.acknowledged)
        #expect(found.damages.isEmpty)
        let again = try open()
        #expect(try read(again) == ["kept \(text)", "kept too"])
        #expect(try FileSystem.list(directory).allSatisfy { !$0.hasSuffix(SpoolSpares.suffix) })
        spool.stop()
        await running.value
    }

    @Test("A reader that follows closely takes what was written from memory, and one that lags from the disk")
    func tail() async throws {
        let spool = try open()
        let running = Task { await spool.run() }
        var reader = SpoolReader(spool, at: spool.acknowledged)
        func append(_ text: String) async {
            let _: Void = await withCheckedContinuation { continuation in
                spool.append(SpoolChunk(text)) { _ in continuation.resume() }
            }
        }
        func next(_ reader: inout SpoolReader) throws -> String? {
            var damages: [String] = []
            guard let frame = try reader.next(damage: { damages.append($0) }) else { return damages.first }
            return CollectedEventSequence(frame.events).map { String(decoding: $0[.payload], as: UTF8.self) }.first
        }
        await append("one")
        #expect(try next(&reader) == "one")
        await append("two")
        try FileSystem.write([], directory + "/" + (try #require(try segments.first)))
        #expect(try next(&reader) == "two")
        #expect(try next(&reader) == nil)
        // A second reader starts at what is on the disk, of which nothing is left.
        var late = SpoolReader(spool, at: spool.acknowledged)
        #expect(try next(&late)?.contains("is damaged") == true)
        spool.stop()
        await running.value
    }

    @Test("A torn cursor leaves the position before")
    func cursor() async throws {
        var spool = try open()
        let ends = try await write(["a", "b", "c"], to: spool)
        try spool.persist(acknowledged: ends[0])
        try spool.persist(acknowledged: ends[1])
        var bytes = try FileSystem.contents(directory + "/acknowledged")
        bytes[512 + 9] ^= 1
        try FileSystem.write(bytes, directory + "/acknowledged")
        spool = try open()
        #expect(spool.acknowledged == ends[0])
        #expect(try read(spool) == ["b", "c"])
    }

    @Test("After it was stopped a chunk is refused")
    func stopped() async throws {
        let spool = try open()
        try await write([], to: spool)
        let outcome: Spool.Outcome = await withCheckedContinuation { continuation in
            spool.append(SpoolChunk("x")) { outcome in continuation.resume(returning: outcome) }
        }
        if case .written = outcome { Issue.record("written") }
        #expect(spool.status.pendingBytes == 0)
    }
}

extension SpoolChunk {
    /// One event with a payload.
    convenience init(_ payload: String) {
        self.init()
        var events = CollectedEvents()
        events.beginRequest(at: 1)
        events.begin(.webhook)
        events.write(.payload) { $0.append(text: payload) }
        try? events.commit()
        take(&events)
    }
}

extension Logger {
    /// Says nothing.
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension FileSystem {
    static func contents(_ path: String) throws -> [UInt8] {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        return try read(descriptor, at: 0, count: try size(descriptor, path: path), path: path)
    }

    static func write(_ bytes: [UInt8], _ path: String) throws {
        let descriptor = try open(path, O_RDWR | O_CREAT | O_TRUNC)
        defer { close(descriptor) }
        var arena = ByteArena(capacity: bytes.count)
        arena.append(bytes)
        try write(arena.bytes, to: descriptor, at: 0, path: path)
    }
}
