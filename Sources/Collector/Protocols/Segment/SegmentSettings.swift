/// How Segment's tracking API is answered.
package struct SegmentSettings: Sendable {
    /// Before `/track` and the others.
    package var path = "/v1"
    /// Write keys that are taken; empty: any, none included.
    package var writeKeys: [String] = []
    /// Segment's own limits; a larger message is kept as an invalid event, a larger batch refused.
    package var messageBytes = 32 << 10
    package var batchBytes = 500 << 10

    package init() {}
}
