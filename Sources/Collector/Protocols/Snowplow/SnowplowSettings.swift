/// How Snowplow's trackers are answered.
package struct SnowplowSettings: Sendable {
    /// Paths that trackers post to; GET there is a pixel. Custom ones are those of trackers' `postPath`.
    package var postPaths = ["/com.snowplowanalytics.snowplow/tp2"]
    /// Paths of pixels.
    package var pixelPaths = ["/i", "/ice.png"]
    /// Path of redirects; answered only where ``redirects`` allows a host.
    package var redirectPath = "/r/tp2"
    package var redirects = AllowedRedirects()
    /// Path of Iglu's webhook; empty: off.
    package var igluPath = "/com.snowplowanalytics.iglu/v1"
    /// Nil: no cookie is read or set.
    package var cookie: Cookie? = Cookie()
    /// A cookie by which a visitor asks not to be tracked: with it nothing is kept, and no cookie set.
    package var doNotTrack: DoNotTrack?

    /// The cookie of the network user id.
    package struct Cookie: Sendable, Equatable {
        package var name = "sp"
        /// How long it lives.
        package var seconds = 365 * 86_400
        /// For all hosts below this one; nil: the collector's own host.
        package var domain: String?
        /// `SameSite`: None, Lax or Strict.
        package var sameSite = "None"
        package var isSecure = true
        package var isHTTPOnly = true

        package init() {}
    }

    /// Name and value of a cookie.
    package struct DoNotTrack: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init() {}
}
