import CoreIngest
import Logging
import NIOCore

extension CollectorConnection {
    /// Ends what takes too long. `now`: microseconds since the Unix epoch.
    func sweep(now: Int64) {
        guard let context else { return }
        if isClosing {
            if now > deadline { context.close(promise: nil) }
            return
        }
        let limit = SpoolSource.microseconds(loop.shared.settings.limits.answerTimeout)
        if let since = pending.waitsSince {
            if now - since > limit {
                pending.readyFirst(loop.shared.unavailable(.slow))
                flush()
                resume()
            }
            return
        }
        guard now > deadline else { return }
        switch phase {
        case .head(0) where window.count == 0:
            isClosing = true
            context.close(promise: nil)
        case .head, .body:
            refuse(RequestProblem(status: 408, message: "the request did not come in time"))
            flush()
        case .discarding: context.close(promise: nil)
        }
    }

    /// No more requests are taken; what came is answered.
    func drain() {
        closesAfterAnswers = true
        if case .head(0) = phase { flush() }
    }

    func log(_ entry: PendingAnswer, _ now: Int64) {
        loop.shared.logger.info(
            "request",
            metadata: [
                "protocol": "\(entry.protocol?.text ?? "other")", "status": "\(entry.answer.status)",
                "milliseconds": "\(Double(now - entry.since) / 1000)",
            ])
    }
}
