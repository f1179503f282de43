/// What `e` says.
enum SnowplowEventType: String, CaseIterable {
    case pageView = "pv"
    case pagePing = "pp"
    case structured = "se"
    case selfDescribing = "ue"
    case transaction = "tr"
    case transactionItem = "ti"
    case advertisement = "ad"

    init?(_ text: UnsafeRawBufferPointer) {
        guard text.count == 2, let type = Self.allCases.first(where: { text.elementsEqual($0.rawValue.utf8) }) else {
            return nil
        }
        self = type
    }

    /// The canonical event's name.
    var name: StaticString {
        switch self {
        case .pageView: "page_view"
        case .pagePing: "page_ping"
        case .structured: "struct"
        case .selfDescribing: "unstruct"
        case .transaction: "transaction"
        case .transactionItem: "transaction_item"
        case .advertisement: "ad_impression"
        }
    }

    /// The fields that are the payload; nil for an event that brings its own.
    var payload: SnowplowField.Group? {
        switch self {
        case .pageView: .page
        case .pagePing: .ping
        case .structured: .structured
        case .selfDescribing: nil
        case .transaction: .transaction
        case .transactionItem: .item
        case .advertisement: .advertisement
        }
    }

    /// The built-in schema of that payload.
    var schema: StaticString? {
        switch self {
        case .pageView: "iglu:io.silverton/snowplow.page_view/jsonschema/1-0-0"
        case .pagePing: "iglu:io.silverton/snowplow.page_ping/jsonschema/1-0-0"
        case .structured: "iglu:io.silverton/snowplow.struct/jsonschema/1-0-0"
        case .selfDescribing: nil
        case .transaction: "iglu:io.silverton/snowplow.transaction/jsonschema/1-0-0"
        case .transactionItem: "iglu:io.silverton/snowplow.transaction_item/jsonschema/1-0-0"
        case .advertisement: "iglu:io.silverton/snowplow.ad_impression/jsonschema/1-0-0"
        }
    }
}
