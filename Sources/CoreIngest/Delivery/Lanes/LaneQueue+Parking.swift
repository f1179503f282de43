/// The parker's side: batches that go to disk, or into the dead letters where they are too many.
extension LaneQueue {
    /// Parks what waits and what is in the writer's window, and everything new, until ``caughtUp()``. Answers whether that is
    /// new; false also where the park has no room for it.
    mutating func beginParkingAll() -> Bool {
        guard !isParking, settings.park.maxBytes > 0, parkedBytes + unsettledBytes < settings.park.maxBytes else {
            return false
        }
        isParking = true
        return true
    }

    /// The next batches to be written to disk or dead-lettered together. They stay in the queue until
    /// ``endParking(_:parkedBytes:)``.
    mutating func beginParking(maxBytes: Int) -> Chunk {
        precondition(inFlight == nil)
        var chunk = Chunk()
        var bytes = 0
        for index in 0..<slots.count {
            guard let slot = slots[index] else { break }
            let wanted = !slot.isSettled && (isParking || slot.queued.isOverflow)
            if !wanted || chunk.batches.first.map({ $0.isOverflow != slot.queued.isOverflow }) ?? false {
                if chunk.batches.isEmpty { continue }
                break
            }
            if bytes >= maxBytes, !chunk.batches.isEmpty { break }
            bytes += slot.queued.cost
            chunk.batches.append(slot.queued)
            if slot.queued.number < nextToTake { chunk.taken += 1 }
        }
        inFlight = chunk.batches.isEmpty ? nil : chunk
        return chunk
    }

    /// The batches of ``beginParking(maxBytes:)`` are safe. `tickets`: where they lie on disk; nil for those that hold
    /// nothing, and for dead letters.
    mutating func endParking(_ tickets: [ParkTicket?], parkedBytes: Int) -> Settled {
        var settled = Settled()
        guard let chunk = inFlight else { return settled }
        inFlight = nil
        for (index, queued) in chunk.batches.enumerated() {
            let ticket = index < tickets.count ? tickets[index] : nil
            if chunk.isOverflow {
                stopWaiting(queued)
            } else if index < chunk.taken {
                // The writer may have delivered it meanwhile.
                if let ticket {
                    if queued.number <= flushedThrough {
                        settled.consumed = ticket
                    } else {
                        copies.append((queued.number, ticket))
                    }
                }
            } else {
                stopWaiting(queued)
                nextToTake = queued.number + 1
                if ticket != nil { parkedUnread += 1 }
            }
            settle(queued)
        }
        settled.through = popSettled()
        self.parkedBytes = parkedBytes
        diskInTrouble = false
        return settled
    }

    /// They could not be written: they stay in memory, first in line.
    mutating func failedParking() {
        inFlight = nil
        diskInTrouble = true
    }
}
