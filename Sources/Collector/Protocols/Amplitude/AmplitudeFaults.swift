import CoreIngest

/// What is wrong with the events of a request: indices, by field and kind.
struct AmplitudeFaults {
    enum Kind: Int, CaseIterable {
        case missing, invalid, idLength

        /// The answer's member.
        var member: StaticString {
            switch self {
            case .missing: "events_with_missing_fields"
            case .invalid: "events_with_invalid_fields"
            case .idLength: "events_with_invalid_id_lengths"
            }
        }
    }

    private(set) var lists: [Kind: [String: [Int]]] = [:]

    var isEmpty: Bool { lists.isEmpty }

    mutating func add(_ kind: Kind, _ field: String, _ index: Int) {
        lists[kind, default: [:]][field, default: []].append(index)
    }

    /// Checks the fields that Amplitude asks for, and their types; answers whether the event keeps them.
    mutating func check(_ event: Int, _ view: JSONView, index: Int, idLength: Int) -> Bool {
        var isGood = true
        func fault(_ kind: Kind, _ field: String) {
            isGood = false
            add(kind, field, index)
        }
        func member(_ name: StaticString) -> Int? {
            view.member(event, named: name).flatMap { view.kind($0) == .null ? nil : $0 }
        }
        if let type = member("event_type") {
            if view.kind(type) != .string || view.text(type).count <= 2 { fault(.invalid, "event_type") }
        } else {
            fault(.missing, "event_type")
        }
        let ids: [(StaticString, String)] = [("user_id", "user_id"), ("device_id", "device_id")]
        var hasID = false
        for (name, field) in ids {
            guard let id = member(name) else { continue }
            hasID = true
            if let text = view.string(id) {
                if text.unicodeScalars.count < idLength { fault(.idLength, field) }
            } else {
                fault(.invalid, field)
            }
        }
        if !hasID {
            for (_, field) in ids { fault(.missing, field) }
        }
        if let time = member("time") {
            let isTime = view.number(time).flatMap { TimeText.milliseconds($0) } != nil
            if !isTime { fault(.invalid, "time") }
        }
        let objects: [(StaticString, String)] = [
            ("event_properties", "event_properties"), ("user_properties", "user_properties"), ("groups", "groups"),
        ]
        for (name, field) in objects {
            if let value = member(name), view.kind(value) != .object { fault(.invalid, field) }
        }
        return isGood
    }
}
