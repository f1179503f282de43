/// How Amplitude's HTTP V2 API is answered.
package struct AmplitudeSettings: Sendable {
    package var path = "/2/httpapi"
    package var batchPath = "/batch"
    /// API keys that are taken; empty: any.
    package var apiKeys: [String] = []
    /// Amplitude's own limits.
    package var eventsPerRequest = 2000
    package var bodyBytes = 1 << 20
    package var batchBytes = 20 << 20
    /// Shortest user and device id, unless the request's `options` say otherwise.
    package var idLength = 5

    package init() {}
}
