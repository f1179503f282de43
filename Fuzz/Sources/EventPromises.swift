import CoreIngest

@testable import LogicalDecoding

/// What holds of every batch that a decoder has made.
enum EventPromises {
    /// Whether bytes are one JSON value on one line, by the product's reader and by a second opinion.
    static func isLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var reader = JSONReader()
        let accepted = (try? reader.read(bytes)) != nil
        promise(accepted == PlainJSON.accepts(bytes), "two readers answer differently: \(text(bytes))")
        return accepted && !bytes.contains(0x0A)
    }

    static func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Payload, key, old row and every format are JSON, each event is one line, and the park gives the batch back.
    static func check(_ batch: EventBatch) {
        for record in batch.records where !batch.stream(of: record).embedsJSON {
            for range in [record.payload, record.key, record.before, record.validationError] where !range.isEmpty {
                promise(isLine(batch.bytes(of: range)), "no JSON on one line: \(batch.text(of: range))")
            }
        }
        for format in EventFormat.allCases {
            let rendered = batch.rendered(as: format, by: SampleTable.renderer)
            for (index, record) in batch.records.enumerated() {
                let lines = rendered.lines(index..<index + 1)
                if record.operation.isControl {
                    promise(lines.isEmpty, "a control mark has a line")
                    continue
                }
                promise(
                    lines.last == 0x0A && !lines.dropLast().contains(0x0A), "not one line as \(format): \(text(lines))")
                if !batch.stream(of: record).embedsJSON {
                    promise(isLine(rendered.line(index)), "no JSON as \(format): \(text(lines))")
                }
            }
        }
        BatchTarget.checkRoundTrip(batch, start: 0)
    }
}
