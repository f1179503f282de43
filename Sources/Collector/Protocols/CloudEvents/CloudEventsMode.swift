import CoreIngest

/// How an event lies in an HTTP request (CloudEvents' HTTP protocol binding, section 3).
enum CloudEventsMode: Equatable {
    /// Attributes in `ce-` headers, data in the body.
    case binary
    /// One event in JSON.
    case structured
    /// An array of events in JSON.
    case batch
    /// `application/cloudevents` in a format that is not JSON.
    case unknownFormat

    /// Told by the beginning of the media type, whatever its case.
    init(contentType: UnsafeRawBufferPointer?) {
        let type = contentType.map { MediaType($0).name } ?? ""
        if type.hasPrefix("application/cloudevents-batch") {
            self = type == "application/cloudevents-batch+json" ? .batch : .unknownFormat
        } else if type.hasPrefix("application/cloudevents") {
            self =
                type == "application/cloudevents+json" || type == "application/cloudevents"
                ? .structured : .unknownFormat
        } else {
            self = .binary
        }
    }
}
