import Synchronization

/// All metrics of the process, by name and labels. Instruments are made at set-up and then used without looking anything up.
///
/// Names begin with `buz_` and end with their unit, as Prometheus has it; counters end with `_total`. Label values come from
/// the configuration (sinks, inputs) and from fixed lists, never from events, so their number is bounded.
package final class MetricsRegistry: Sendable {
    private enum Instrument: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case computed(@Sendable () -> Double)
        case histogram(Histogram)
    }

    private struct Series: Sendable {
        var labels: String
        var instrument: Instrument
    }

    private struct Family: Sendable {
        var name: String
        var help: String
        var type: String
        var series: [Series]
    }

    private let families = Mutex<[Family]>([])

    package init() {}

    /// The counter of this name and these labels; the same one each time.
    package func counter(_ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
        let instrument = register(name, help, type: "counter", labels: labels) { .counter(Counter()) }
        if case .counter(let counter) = instrument { return counter }
        preconditionFailure("\(name) is registered as something else.")
    }

    /// The gauge of this name and these labels; the same one each time.
    package func gauge(_ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        let instrument = register(name, help, type: "gauge", labels: labels) { .gauge(Gauge()) }
        if case .gauge(let gauge) = instrument { return gauge }
        preconditionFailure("\(name) is registered as something else.")
    }

    /// A gauge that is computed whenever metrics are read. `value` is called on any thread and must not block.
    package func gauge(
        _ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:],
        value: @escaping @Sendable () -> Double
    ) {
        _ = register(name, help, type: "gauge", labels: labels) { .computed(value) }
    }

    /// A counter that is kept elsewhere and read whenever metrics are. `value` never falls, is called on any thread, and must
    /// not block.
    package func counter(
        _ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:],
        value: @escaping @Sendable () -> UInt64
    ) {
        _ = register(name, help, type: "counter", labels: labels) { .computed { Double(value()) } }
    }

    /// The histogram of this name and these labels; the same one each time.
    package func histogram(
        _ name: String, _ help: String, bounds: [Double] = Histogram.durations,
        labels: KeyValuePairs<String, String> = [:]
    ) -> Histogram {
        let instrument = register(name, help, type: "histogram", labels: labels) {
            .histogram(Histogram(bounds: bounds))
        }
        if case .histogram(let histogram) = instrument { return histogram }
        preconditionFailure("\(name) is registered as something else.")
    }

    private func register(
        _ name: String, _ help: String, type: String, labels: KeyValuePairs<String, String>, make: () -> Instrument
    ) -> Instrument {
        let text = Self.text(of: labels)
        let fresh = make()
        return families.withLock { families in
            let family: Int
            if let known = families.firstIndex(where: { $0.name == name }) {
                family = known
            } else {
                family = families.count
                families.append(Family(name: name, help: help, type: type, series: []))
            }
            if let known = families[family].series.first(where: { $0.labels == text }) { return known.instrument }
            families[family].series.append(Series(labels: text, instrument: fresh))
            return fresh
        }
    }

    /// All metrics in Prometheus's text format 0.0.4 (`text/plain; version=0.0.4`), families in alphabetical order.
    package func exposition() -> String {
        var out = ""
        for family in families.withLock({ $0 }).sorted(by: { $0.name < $1.name }) {
            out += "# HELP \(family.name) \(Self.escapedHelp(family.help))\n# TYPE \(family.name) \(family.type)\n"
            for series in family.series {
                switch series.instrument {
                case .counter(let counter): out += Self.line(family.name, series.labels, "\(counter.value)")
                case .gauge(let gauge): out += Self.line(family.name, series.labels, Self.text(of: gauge.value))
                case .computed(let value): out += Self.line(family.name, series.labels, Self.text(of: value()))
                case .histogram(let histogram): out += Self.lines(family.name, series.labels, histogram)
                }
            }
        }
        return out
    }

    private static func lines(_ name: String, _ labels: String, _ histogram: Histogram) -> String {
        let contents = histogram.contents
        var out = ""
        var total: UInt64 = 0
        for (index, count) in contents.counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? text(of: histogram.bounds[index]) : "+Inf"
            let separator = labels.isEmpty ? "" : ","
            out += line(name + "_bucket", labels + separator + "le=\"\(bound)\"", "\(total)")
        }
        out += line(name + "_sum", labels, text(of: contents.sum))
        out += line(name + "_count", labels, "\(total)")
        return out
    }

    private static func line(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    private static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && value.magnitude < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func text(of labels: KeyValuePairs<String, String>) -> String {
        labels.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        var out = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }

    private static func escapedHelp(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    }
}
