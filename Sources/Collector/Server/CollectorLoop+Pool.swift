import CoreIngest
import NIOCore

extension CollectorLoop {
    func show(
        _ page: CollectorPage, _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ headers: HeaderFields,
        for connection: CollectorConnection
    ) -> Reply {
        var target = String(decoding: bytes[head.path.indices], as: UTF8.self)
        if head.query.count > 0 { target += "?" + String(decoding: bytes[head.query.indices], as: UTF8.self) }
        let request = CollectorPage.Request(
            method: head.method, target: target,
            authorization: headers["authorization"].map { String(decoding: $0, as: UTF8.self) })
        guard page.mayBlock else { return .now(page.respond(request)) }
        return onPool(for: connection) { page.respond(request) }
    }

    func tryOut(
        _ mark: CollectedEvents.Mark, _ answer: CollectedAnswer, for connection: CollectorConnection
    ) -> Reply {
        let copy = Array(events.bytes(since: mark))
        events.rollBack(to: mark)
        // What the protocol refuses is answered as it always is.
        guard !copy.isEmpty else { return .now(answer) }
        let shared = shared
        return onPool(for: connection) { shared.dryRun(copy) }
    }

    func onPool(
        for connection: CollectorConnection, _ make: @escaping @Sendable () -> CollectedAnswer
    ) -> Reply {
        let number = connection.nextNumber()
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let eventLoop = eventLoop
        let isTaken = shared.runOnPool {
            let answer = make()
            eventLoop.execute { bound.value.complete(number, answer) }
        }
        return isTaken ? .later : .now(shared.unavailable(.pages))
    }
}
