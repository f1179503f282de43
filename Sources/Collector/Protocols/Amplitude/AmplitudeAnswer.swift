import CoreIngest

/// Amplitude's answers, which its clients read member by member.
enum AmplitudeAnswer {
    /// `time`: microseconds since the Unix epoch.
    static func success(events: Int, bytes: Int, time: Int64) -> CollectedAnswer {
        var arena = ByteArena(capacity: 128)
        arena.append("{\"code\":200,\"events_ingested\":")
        arena.append(decimal: UInt64(events))
        arena.append(",\"payload_size_bytes\":")
        arena.append(decimal: UInt64(bytes))
        arena.append(",\"server_upload_time\":")
        arena.append(decimal: time / 1000)
        arena.append("}")
        return .json(200, Array(arena.bytes))
    }

    /// A request that is refused for what all its events have in common.
    static func refusal(_ code: Int, _ error: String, missing: String? = nil) -> CollectedAnswer {
        answer(code, error, missing: missing, AmplitudeFaults())
    }

    /// A request that is refused for some of its events.
    static func refusal(_ faults: AmplitudeFaults) -> CollectedAnswer {
        answer(
            400, "Invalid events: leave those out whose indices are listed, and send the others again", missing: nil,
            faults)
    }

    private static func answer(
        _ code: Int, _ error: String, missing: String?, _ faults: AmplitudeFaults
    ) -> CollectedAnswer {
        var arena = ByteArena(capacity: 512)
        arena.append("{\"code\":")
        arena.append(decimal: UInt64(code))
        arena.append(",\"error\":")
        arena.appendJSONString(text: error)
        arena.append(",\"missing_field\":")
        if let missing { arena.appendJSONString(text: missing) } else { arena.append("null") }
        for kind in AmplitudeFaults.Kind.allCases {
            arena.append(",\"")
            arena.append(kind.member)
            arena.append("\":{")
            for (place, list) in (faults.lists[kind] ?? [:]).sorted(by: { $0.key < $1.key }).enumerated() {
                if place > 0 { arena.append(",") }
                arena.appendJSONString(text: list.key)
                arena.append(":[")
                for (number, index) in list.value.enumerated() {
                    if number > 0 { arena.append(",") }
                    arena.append(decimal: UInt64(index))
                }
                arena.append("]")
            }
            arena.append("}")
        }
        arena.append("}")
        return .json(code, Array(arena.bytes))
    }
}
