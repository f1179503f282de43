#if canImport(Glibc)
    import Glibc
#endif
@testable import CoreIngest

/// Compiles schemas and checks instances, for scripts/bench/schemas.py. Reads one set after the other from standard input: a line with
/// the schema, a line with the dialect and whether formats are asserted, lines with instances, and an empty line. Writes one line of JSON
/// for each set: the answers, as 0 and 1, or the error; with the argument `time` also nanoseconds: compiling, and for one instance in the
/// median of runs reading, checking what was read, and both at once as events are. With `rows` it reads nothing: see ``RowBench``.
@main
struct SchemaBench {
    static func main() throws {
        if CommandLine.arguments.dropFirst().first == "rows" { return try RowBench.run() }
        let isTimed = CommandLine.arguments.dropFirst().first == "time"
        while let schema = readLine() {
            guard let options = readLine().map(options(of:)) else { return }
            var instances: [[UInt8]] = []
            while let line = readLine(), !line.isEmpty { instances.append(Array(line.utf8)) }
            run(Array(schema.utf8), options, instances, isTimed)
        }
    }

    private static func options(of line: String) -> SchemaOptions {
        var options = SchemaOptions()
        let words = line.split(separator: " ")
        switch words.first {
        case "4": options.dialect = .draft4
        case "6": options.dialect = .draft6
        case "7": options.dialect = .draft7
        case "2019": options.dialect = .draft2019
        default: options.dialect = .draft2020
        }
        options.formats = words.last == "formats" ? .assert : .annotate
        return options
    }

    private static func run(_ schema: [UInt8], _ options: SchemaOptions, _ instances: [[UInt8]], _ isTimed: Bool) {
        let program: SchemaProgram
        do {
            program = try schema.withUnsafeBytes { try SchemaCompiler.compile($0, options: options) }
        } catch {
            let words = "\(error)".map { $0 == "\"" || $0 == "\\" || $0.isNewline ? "'" : $0 }
            print("{\"error\": \"\(String(words))\"}")
            return
        }
        var evaluator = SchemaEvaluator()
        var answers = ""
        for instance in instances {
            let passes = instance.withUnsafeBytes { evaluator.passes(program, $0, partial: false) }
            let isUnexplained = instance.withUnsafeBytes {
                SchemaReporter.report(program, $0, partial: false).isEmpty != passes
            }
            answers += isUnexplained ? "?" : passes ? "1" : "0"
        }
        if !isTimed {
            print("{\"answers\": \"\(answers)\"}")
            return
        }
        let compiling = median {
            (try? schema.withUnsafeBytes { try SchemaCompiler.compile($0, options: options) }) != nil
        }
        var reader = JSONReader()
        let reading = median {
            var words = 0
            for instance in instances { words += instance.withUnsafeBytes { (try? reader.read($0).words.count) ?? 0 } }
            return words > 0
        }
        let documents = instances.compactMap { bytes in bytes.withUnsafeBytes { try? JSONDocument($0) } }
        let views = documents.map(\.view)
        let checking = median {
            var passed = 0
            for view in views where evaluator.passes(program, view, partial: false) { passed += 1 }
            return passed > 0
        }
        withExtendedLifetime(documents) {}
        let both = median {
            var passed = 0
            for instance in instances {
                if instance.withUnsafeBytes({ evaluator.passes(program, $0, partial: false) }) { passed += 1 }
            }
            return passed > 0
        }
        let count = Double(max(instances.count, 1))
        print(
            "{\"answers\": \"\(answers)\", \"compiling\": \(compiling), \"reading\": \(reading / count), "
                + "\"checking\": \(checking / count), \"both\": \(both / count)}")
    }

    /// Nanoseconds of this thread for one call, in the median of 15 runs of at least a millisecond each.
    static func median(_ work: () -> Bool) -> Double {
        var calls = 1
        // Kept, so that the work is.
        var done = 0
        defer { if done < 0 { print(done) } }
        while true {
            let begin = now()
            for _ in 0..<calls where work() { done += 1 }
            if now() - begin >= 1_000_000 || calls >= 1 << 20 { break }
            calls *= 2
        }
        let times = (0..<15).map { _ in
            let begin = now()
            for _ in 0..<calls where work() { done += 1 }
            return Double(now() - begin) / Double(calls)
        }
        return times.sorted()[7]
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
