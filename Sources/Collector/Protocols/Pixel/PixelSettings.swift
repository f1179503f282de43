/// How pixels are answered.
package struct PixelSettings: Sendable {
    /// Arbitrary pixels are here, named ones below it.
    package var path = "/pixel"
    /// Where `rto` may lead.
    package var redirects = AllowedRedirects()

    package init() {}
}
