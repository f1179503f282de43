import CoreIngest

/// The calls of Segment's tracking API.
enum SegmentCall: String, CaseIterable {
    case track, identify, page, screen, group, alias

    init?(_ text: UnsafeRawBufferPointer) {
        guard let call = Self.allCases.first(where: { text.elementsEqual($0.rawValue.utf8) }) else { return nil }
        self = call
    }

    /// The built-in schema of a message.
    var schema: StaticString {
        switch self {
        case .track: "iglu:io.silverton/segment.track/jsonschema/1-0-0"
        case .identify: "iglu:io.silverton/segment.identify/jsonschema/1-0-0"
        case .page: "iglu:io.silverton/segment.page/jsonschema/1-0-0"
        case .screen: "iglu:io.silverton/segment.screen/jsonschema/1-0-0"
        case .group: "iglu:io.silverton/segment.group/jsonschema/1-0-0"
        case .alias: "iglu:io.silverton/segment.alias/jsonschema/1-0-0"
        }
    }
}
