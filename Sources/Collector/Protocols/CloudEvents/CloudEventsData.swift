import CoreIngest

/// Data that come as bytes: in binary mode, or in base64.
enum CloudEventsData {
    /// Sets the payload: JSON as it is, text as a string, other bytes as `{"data_base64":"…"}`, no bytes as nothing. Answers what
    /// is wrong with bytes that say they are JSON or text and are not; then they are kept in base64.
    static func write(
        _ bytes: UnsafeRawBufferPointer, _ type: MediaType?, into events: inout CollectedEvents
    ) -> String? {
        if bytes.isEmpty { return nil }
        if type?.isJSON ?? true {
            do throws(JSONError) {
                // Of a body in binary mode, or of bytes that were decoded: no view is in use that this could end.
                let view = try events.innerReader.read(bytes)
                events.set(payload: 0, in: view)
                return nil
            } catch {
                writeBase64(bytes, into: &events)
                return "the data are \(error.description)"
            }
        }
        if type?.isText ?? false {
            if String(validating: bytes, as: UTF8.self) == nil {
                writeBase64(bytes, into: &events)
                return "the data are text and not UTF-8"
            }
            events.write(.payload) { $0.appendJSONString(bytes) }
            return nil
        }
        writeBase64(bytes, into: &events)
        return nil
    }

    private static func writeBase64(_ bytes: UnsafeRawBufferPointer, into events: inout CollectedEvents) {
        events.write(.payload) { arena in
            arena.append("{\"data_base64\":\"")
            arena.append(base64: bytes)
            arena.append("\"}")
        }
    }
}
