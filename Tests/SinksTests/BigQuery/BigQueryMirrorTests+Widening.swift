import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

extension BigQueryTests.BigQueryMirrorTests {
    struct Widening: CustomTestStringConvertible, Sendable {
        var from: StreamDescriptor.Kind
        var to: StreamDescriptor.Kind
        /// What the source sends before and after, and what the column has then; nil: the change is refused.
        var before: String
        var after: String
        var stored: [String]?

        init(
            _ from: StreamDescriptor.Kind, _ to: StreamDescriptor.Kind, _ before: String, _ after: String,
            _ stored: [String]?
        ) {
            (self.from, self.to, self.before, self.after, self.stored) = (from, to, before, after, stored)
        }

        var testDescription: String { "\(from) to \(to)" }
    }

    @Test(
        "A column whose type gets wider keeps its values and takes the new ones; another change waits and says what to do",
        arguments: [
            Widening(.integer(bits: 32), .integer(bits: 64), "7", "9007199254740993", ["7", "9007199254740993"]),
            Widening(.integer(bits: 32), .numeric(precision: 12, scale: 2), "7", "10.50", ["7", "10.5"]),
            // The emulator's NUMERIC cannot become its BIGNUMERIC, so here the statement is refused.
            Widening(
                .numeric(precision: 12, scale: 2), .numeric(precision: 40, scale: 12), "7.25",
                "12345678901.000000000001", nil),
            Widening(.integer(bits: 16), .float(bits: 64), "7", "0.5", ["7.0", "0.5"]),
            Widening(.string(maxLength: 3), .string(maxLength: 40), #""abc""#, #""abcdef""#, ["abc", "abcdef"]),
            Widening(.string(maxLength: 3), .text, #""abc""#, #""abcdef""#, ["abc", "abcdef"]),
            Widening(.integer(bits: 32), .text, "7", #""seven""#, nil),
            Widening(.timestamp(withZone: false), .date, #""2026-01-02T03:04:05""#, #""2026-01-02""#, nil),
        ])
    mutating func widening(_ change: Widening) async throws {
        func columns(_ kind: StreamDescriptor.Kind) -> [StreamDescriptor.Column] {
            [
                .init(name: "id", sqlType: "int4", kind: .integer(bits: 32), isKey: true),
                .init(name: "v", sqlType: "", kind: kind, isKey: false),
            ]
        }
        let first = sink()
        _ = try await first.open()
        let old = try stream(columns(change.from))
        stand.expectDelivered(
            await first.write([
                BatchSlice(batch(old, ["{\"id\":1,\"v\":\(change.before)}", "{\"id\":2,\"v\":\(change.before)}"]))
            ]))
        let wide = try stream(columns(change.to))
        let next = batch(wide, ["{\"id\":2,\"v\":\(change.after)}"], operation: .update, commit: 16)
        // In the session that knows the old shape, and then in a new one.
        let outcome = await first.write([BatchSlice(next)])
        await first.close()
        let values = "SELECT CAST(v AS STRING) FROM \(stand.name("odd")) ORDER BY id"
        if let stored = change.stored {
            stand.expectDelivered(outcome)
            let second = sink()
            _ = try await second.open()
            stand.expectDelivered(await second.write([BatchSlice(next)]))
            #expect(try stand.emulator.column(values).map(Self.plain) == stored)
            await second.close()
        } else {
            let failure = try #require(outcome.failure)
            #expect(failure.code == .misconfigured && failure.message.contains("the mirror odd"), "\(failure)")
            #expect(failure.message.contains("then take a fresh snapshot"), "\(failure)")
            #expect(try stand.emulator.column("SELECT COUNT(*) FROM \(stand.name("odd"))") == ["2"])
        }
    }

    /// Without the zeros that a decimal's scale puts behind it; those of doubles stay.
    private static func plain(_ text: String) -> String {
        guard text.contains("."), !text.hasSuffix(".0") else { return text }
        var text = text
        while text.hasSuffix("0") { text.removeLast() }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}
