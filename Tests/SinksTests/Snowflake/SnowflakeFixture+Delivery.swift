import CoreIngest
import SinkTesting
import Testing

@testable import Sinks

extension SnowflakeFixture {
    /// What came of a delivery.
    struct Delivered {
        var failures: [SinkFailure] = []
        var rejected: [EventReference] = []
        var rejections: [Rejection] = []
    }

    /// Delivers batches as a lane does: writes, flushes, and after a failure writes everything since the last good flush again.
    func deliver(_ batches: [EventBatch], by sink: SnowflakeSink, opened: Bool = false) async throws -> Delivered {
        var result = Delivered()
        var isOpen = opened
        var next = 0
        var attempts = 0
        while true {
            attempts += 1
            try #require(attempts < 60, "it never ends: \(result.failures.suffix(3))")
            do throws(SinkFailure) {
                if !isOpen {
                    _ = try await sink.open()
                    next = 0
                    isOpen = true
                }
            } catch {
                result.failures.append(error)
                continue
            }
            var failed: SinkFailure?
            while next < batches.count {
                let outcome = await sink.write([BatchSlice(batches[next])])
                switch outcome {
                case .delivered: break
                case .rejected(let rejections):
                    for rejection in rejections {
                        let event = EventReference(slice: next, record: rejection.record)
                        if !result.rejected.contains(event) {
                            result.rejected.append(event)
                            result.rejections.append(rejection)
                        }
                    }
                case .refused(let failure), .failed(let failure):
                    failed = failure
                }
                if failed != nil { break }
                next += 1
            }
            if failed == nil {
                do throws(SinkFailure) {
                    try await sink.flush()
                    return result
                } catch {
                    failed = error
                    next = 0
                }
            }
            if let failed {
                result.failures.append(failed)
                if failed.reopen { isOpen = false }
            }
        }
    }
}
