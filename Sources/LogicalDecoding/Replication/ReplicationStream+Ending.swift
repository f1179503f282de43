import CoreIngest

extension ReplicationStream {
    /// Throws what the server ended the stream with. Before version 18 it refuses to decode what was written while the publication
    /// did not exist.
    func endOfCopy() throws(SourceError) {
        do throws(SourceError) {
            try connection.finishCopy()
        } catch {
            let isAboutPublication = error.sqlState == "42704" && error.message.contains("\"\(settings.publication)\"")
            throw isAboutPublication
                ? PublicationManager.missing(settings) : SourceErrorPolicy.withAdvice(error, table: nil)
        }
    }

    /// Hands over what is complete, waits for it to be settled, reports it, and closes the stream in the proper order, so
    /// that the slot is free at once.
    mutating func finish() throws(SourceError) {
        control.update { $0.state = .stopping }
        let deadline = ContinuousClock.now + settings.stopTimeout
        // What is not complete comes again, whole, after the next start.
        if !progress.isInTransaction { try handOver() }
        while ContinuousClock.now < deadline {
            if isPaused { try resume() }
            if !isPaused, intake.isSettled(source) { break }
            try report(at: .now)
            _ = Wait.until(
                min(deadline, .now + .milliseconds(100)), socket: connection.socket, reading: false, writing: hasUnsent,
                signal: control.signal)
            _ = control.takeOrders()
        }
        keeper.stop(by: deadline + .seconds(2))
        schedule.asked()
        try report(at: .now)
        try connection.sendCopyDone()
        hasUnsent = true
        let end = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < end {
            if hasUnsent { hasUnsent = try connection.flush() }
            switch try connection.receive() {
            case .message: continue
            case .finished:
                try connection.finishCopy()
                return
            case .wait:
                let outcome = Wait.until(end, socket: connection.socket, reading: true, writing: hasUnsent, signal: nil)
                if outcome.contains(.readable) { try connection.readSocket() }
            }
        }
    }
}
