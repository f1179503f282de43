@testable import CoreIngest

/// A schema, a zero byte, and a payload: the passes over it must agree.
enum SchemaTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        let split = input.firstIndex(of: 0) ?? input.count
        let schema = UnsafeRawBufferPointer(rebasing: input[..<split])
        let payload = UnsafeRawBufferPointer(rebasing: input[min(split + 1, input.count)...])
        var options = SchemaOptions()
        options.formats = .assert
        options.mostSubschemas = 1000
        guard let name = SchemaName(vendor: "com.acme", name: "sample", version: .first) else { return }
        let validator: PayloadValidator
        do {
            validator = try PayloadValidator(schema: name, compiling: schema, options: options)
        } catch {
            promise(!error.message.isEmpty && !error.description.contains("\n"), "an error of several lines: \(error)")
            return
        }
        for partial in [false, true] { check(validator, payload, partial: partial) }
    }

    private static func check(_ validator: PayloadValidator, _ payload: UnsafeRawBufferPointer, partial: Bool) {
        var evaluator = SchemaEvaluator()
        let passes = validator.passes(payload, partial: partial, using: &evaluator)
        promise(
            passes == validator.passes(payload, partial: partial, using: &evaluator), "another answer the second time")
        var reader = JSONReader()
        if let view = try? reader.read(payload) {
            // Without the shortcut for rows, which reads and checks at once.
            var plain = SchemaEvaluator()
            let onTape = plain.passes(validator.program, view, partial: partial)
            promise(passes == onTape, "read and checked at once: \(passes), on the tape: \(onTape)")
        } else {
            promise(!passes, "passes, but is not JSON")
        }
        let report = validator.report(payload, partial: partial)
        promise(
            passes == report.failures.isEmpty,
            "the first pass says \(passes), the second finds \(report.failures.map(\.message))")
        promise(report.failures.count <= SchemaReporting().mostFailures, "more failures than the cap")
        var arena = ByteArena(capacity: 256)
        report.render(to: &arena)
        promise(EventPromises.isLine(arena.bytes), "the report is no JSON: \(EventPromises.text(arena.bytes))")
    }
}
