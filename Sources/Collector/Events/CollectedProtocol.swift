/// How an event came in: `protocol` in its envelope. The numbers are on the disk; they are only ever added.
package enum CollectedProtocol: UInt8, Sendable, CaseIterable {
    case selfDescribing = 1
    case snowplow = 2
    case cloudevents = 3
    case webhook = 4
    case pixel = 5
    case segment = 6
    case amplitude = 7

    /// As in envelopes and in the labels of metrics.
    package var text: String {
        switch self {
        case .selfDescribing: "selfDescribing"
        case .snowplow: "snowplow"
        case .cloudevents: "cloudevents"
        case .webhook: "webhook"
        case .pixel: "pixel"
        case .segment: "segment"
        case .amplitude: "amplitude"
        }
    }
}
