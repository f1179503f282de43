import CoreIngest

/// What Prometheus sees of the schema registry and its cache.
enum RegistryMetrics {
    static func register(in metrics: MetricsRegistry, _ status: @escaping @Sendable () -> SchemaCache.Status) {
        metrics.gauge("buz_registry_up", "1 while the schema registry answers, 0 while it does not.") {
            status().failingSeconds == nil ? 1 : 0
        }
        metrics.gauge("buz_registry_failing_seconds", "For how long the schema registry has not answered.") {
            status().failingSeconds ?? 0
        }
        metrics.gauge(
            "buz_registry_stale_schemas", "Schemas that are used past their time, as the registry does not answer."
        ) {
            Double(status().staleEntries)
        }
        metrics.gauge("buz_registry_stale_age_seconds", "How far past its time the oldest of them is.") {
            status().oldestStaleSeconds ?? 0
        }
        metrics.gauge("buz_registry_cache_bytes", "Memory of the compiled schemas in the cache.") {
            Double(status().statistics.bytes)
        }
        metrics.gauge("buz_registry_cache_entries", "Names in the cache, unknown ones included.") {
            Double(status().statistics.entries)
        }
        let counters: [(String, String, @Sendable (SchemaCache.Statistics) -> Int)] = [
            ("buz_registry_cache_hits_total", "Answers from memory.", { $0.hits }),
            (
                "buz_registry_cache_negative_hits_total", "Of these, that there is no usable schema.",
                { $0.negativeHits }
            ),
            ("buz_registry_requests_total", "Questions to the schema registry.", { $0.fetches }),
            ("buz_registry_failures_total", "Questions without an answer.", { $0.failures }),
            ("buz_registry_stale_total", "Answers past their time, as the registry did not answer.", { $0.stale }),
            ("buz_registry_restored_total", "Schemas found on disk after a start.", { $0.restored }),
            ("buz_registry_throttled_total", "Names not asked for, as too many unknown ones were.", { $0.throttled }),
            ("buz_registry_evictions_total", "Entries removed from the cache for want of room.", { $0.evictions }),
        ]
        for (name, help, value) in counters {
            metrics.counter(name, help) { UInt64(clamping: value(status().statistics)) }
        }
    }
}
