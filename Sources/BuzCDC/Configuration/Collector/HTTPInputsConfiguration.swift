import Collector
import CoreIngest

/// The HTTP inputs of the `inputs` section: which protocols are taken, and where.
struct HTTPInputsConfiguration: Sendable {
    /// One for each protocol that is enabled.
    var handlers: [any ProtocolHandler]
    /// Where events can be tried out; nil: nowhere.
    var dryRunPath: String?

    private enum Keys {
        static let enabled = CheckedSection.enabledKey

        static let selfDescribing = Key<CheckedSection>.section("selfDescribing", selfDescribingSpecification)
        static let selfDescribingPath = path("/self-describing", "Where it is posted to.")
        static let contexts = Key<CheckedSection>.section("contexts", contextsSpecification)
        static let contextsKey = Key<String>.text("rootKey", "The member that holds them.", .defaulted("contexts"))
        static let payload = Key<CheckedSection>.section("payload", payloadSpecification)
        static let payloadKey = Key<String>.text("rootKey", "The member that holds it.", .defaulted("payload"))
        static let schemaKey = Key<String>.text("schemaKey", "In it: the schema's name.", .defaulted("schema"))
        static let dataKey = Key<String>.text("dataKey", "In it: the data.", .defaulted("data"))

        static let snowplow = Key<CheckedSection>.section("snowplow", snowplowSpecification)
        static let postPaths = Key<[String]>.texts(
            "postPaths", "Paths that trackers post to.", .defaulted(["/com.snowplowanalytics.snowplow/tp2"]),
            rule: .urlPath, minimum: 1)
        static let pixelPaths = Key<[String]>.texts(
            "pixelPaths", "Paths of the tracking pixel.", .defaulted(["/i", "/ice.png"]), rule: .urlPath)
        static let redirects = Key<[String]>.texts(
            "redirectHosts",
            "Hosts that /r/tp2 may send a browser on to; '*.example.com' for those below one. Empty: no redirects.",
            .defaulted([]), example: ["shop.example.com"])
        static let cookie = Key<Bool>.boolean(
            "cookie", "Whether the network user id is kept in the cookie 'sp'.", .defaulted("true"))
        static let cookieDomain = Key<String?>.optionalText(
            "cookieDomain", "Domain of that cookie; without it, the collector's own host.", example: "example.com")
        static let doNotTrack = Key<String?>.optionalText(
            "doNotTrackCookie",
            "NAME=VALUE of a cookie by which a visitor asks not to be tracked: nothing of such a request is kept, and no cookie is set.",
            rule: .cookiePair, example: "dnt=1")

        static let cloudevents = Key<CheckedSection>.section("cloudevents", cloudeventsSpecification)
        static let cloudeventsPath = path("/cloudevents", "Where they are posted to.")
        static let webhookOrigins = Key<[String]>.texts(
            "allowOrigin", "Origins that may deliver webhooks here: the answer of the handshake.", .defaulted(["*"]),
            minimum: 1)
        static let requireVersion = Key<Bool>.boolean(
            "requireSpecversion",
            "Whether a single event without 'specversion' is refused, as CloudEvents asks for; Buz takes it, and it is kept as an invalid event.",
            .defaulted("false"))

        static let webhook = Key<CheckedSection>.section("webhook", webhookSpecification)
        static let webhookPath = path("/webhook", "Arbitrary webhooks are posted here, named ones below it.")
        static let signatures = Key<[CheckedSection]>.sections(
            "signatures", "Webhooks whose senders must have signed them.", of: .section(signatureSpecification))
        static let schema = Key<String?>.optionalText(
            "schema", "The schema of the named webhook; without it, arbitrary ones.", rule: .schemaName,
            example: "iglu:com.github/push/jsonschema/1-0-0")
        static let scheme = Key<WebhookScheme>.choice("scheme", "Who signs, and how.", .required, example: "github")
        static let signingSecrets = Key<[String]>.secrets(
            "secrets", "Any of them may have signed.", example: ["${BUZ_WEBHOOK_SECRET:-change-me}"])
        static let tolerance = Key<Duration>.duration(
            "tolerance", "How far a signed time may be away from now, where the scheme signs one.", .defaulted("5m"),
            in: .seconds(1)...(.seconds(86_400)))

        static let pixel = Key<CheckedSection>.section("pixel", pixelSpecification)
        static let pixelPath = path("/pixel", "Arbitrary pixels are here, named ones below it.")
        static let pixelRedirects = Key<[String]>.texts(
            "redirectHosts", "Hosts that rto may send a browser on to. Empty: no redirects.", .defaulted([]),
            example: ["shop.example.com"])

        static let segment = Key<CheckedSection>.section("segment", segmentSpecification)
        static let segmentPath = path("/v1", "Before /track, /identify and the others.")
        static let writeKeys = Key<[String]>.secrets(
            "writeKeys", "Write keys that are taken; empty: any.", example: ["${BUZ_SEGMENT_KEY:-change-me}"])

        static let amplitude = Key<CheckedSection>.section("amplitude", amplitudeSpecification)
        static let amplitudePath = path("/2/httpapi", "Where events are posted to.")
        static let amplitudeBatchPath = Key<String>.text(
            "batchPath", "Where batches are posted to; the size of a body is bounded by http.limits.bodyBytes first.",
            .defaulted("/batch"), rule: .urlPath)
        static let apiKeys = Key<[String]>.secrets(
            "apiKeys", "API keys that are taken; empty: any.", example: ["${BUZ_AMPLITUDE_KEY:-change-me}"])

        static let dryRun = Key<CheckedSection>.section("squawkBox", dryRunSpecification)
        static let dryRunPath = path("/squawkbox", "Before the path of any protocol: /squawkbox/self-describing.")

        static func path(_ text: String, _ doc: String) -> Key<String> {
            .text("path", doc, .defaulted(.scalar(text)), rule: .urlPath)
        }

        static let contextsSpecification = SectionSpecification(
            "Names of the contexts' members.", [contextsKey.specification])
        static let payloadSpecification = SectionSpecification(
            "Names of the payload's members.",
            [payloadKey.specification, schemaKey.specification, dataKey.specification])
        static let selfDescribingSpecification = SectionSpecification(
            "Self-describing JSON.",
            [
                enabled.specification, selfDescribingPath.specification, contexts.specification,
                payload.specification,
            ])
        static let snowplowSpecification = SectionSpecification(
            "Snowplow's trackers.",
            [
                enabled.specification, postPaths.specification, pixelPaths.specification, redirects.specification,
                cookie.specification, cookieDomain.specification, doNotTrack.specification,
            ])
        static let cloudeventsSpecification = SectionSpecification(
            "CloudEvents 1.0: structured, batched and binary.",
            [
                enabled.specification, cloudeventsPath.specification, webhookOrigins.specification,
                requireVersion.specification,
            ])
        static let signatureSpecification = SectionSpecification(
            "A webhook that must be signed.",
            [schema.specification, scheme.specification, signingSecrets.specification, tolerance.specification])
        static let webhookSpecification = SectionSpecification(
            "Webhooks of any kind: JSON, forms and text.",
            [enabled.specification, webhookPath.specification, signatures.specification])
        static let pixelSpecification = SectionSpecification(
            "Pixels: events in the query of an image.",
            [enabled.specification, pixelPath.specification, pixelRedirects.specification])
        static let segmentSpecification = SectionSpecification(
            "Segment's tracking API.", [enabled.specification, segmentPath.specification, writeKeys.specification])
        static let amplitudeSpecification = SectionSpecification(
            "Amplitude's HTTP V2 API.",
            [
                enabled.specification, amplitudePath.specification, amplitudeBatchPath.specification,
                apiKeys.specification,
            ])
        static let dryRunSpecification = SectionSpecification(
            "Answers with verdict and envelope instead of keeping events.",
            [enabled.specification, dryRunPath.specification])
    }

    static let specifications = [
        Keys.selfDescribing.specification, Keys.snowplow.specification, Keys.cloudevents.specification,
        Keys.webhook.specification, Keys.pixel.specification, Keys.segment.specification,
        Keys.amplitude.specification, Keys.dryRun.specification,
    ]

    /// `section`: the whole `inputs` section.
    init(_ section: CheckedSection) {
        let made: [(any ProtocolHandler)?] = [
            section.enabled(Keys.selfDescribing) { SelfDescribingHandler(Self.selfDescribing($0)) },
            section.enabled(Keys.snowplow) { SnowplowHandler(Self.snowplow($0)) },
            section.enabled(Keys.cloudevents) { CloudEventsHandler(Self.cloudevents($0)) },
            section.enabled(Keys.webhook) { WebhookHandler(Self.webhook($0)) },
            section.enabled(Keys.pixel) { PixelHandler(Self.pixel($0)) },
            section.enabled(Keys.segment) { SegmentHandler(Self.segment($0)) },
            section.enabled(Keys.amplitude) { AmplitudeHandler(Self.amplitude($0)) },
        ]
        handlers = made.compactMap { $0 }
        dryRunPath = section.enabled(Keys.dryRun) { $0[Keys.dryRunPath] }
    }

    private static func selfDescribing(_ keys: CheckedSection) -> SelfDescribingSettings {
        var settings = SelfDescribingSettings()
        settings.path = keys[Keys.selfDescribingPath]
        settings.contextsKey = keys[Keys.contexts][Keys.contextsKey]
        settings.payloadKey = keys[Keys.payload][Keys.payloadKey]
        settings.schemaKey = keys[Keys.payload][Keys.schemaKey]
        settings.dataKey = keys[Keys.payload][Keys.dataKey]
        return settings
    }

    private static func snowplow(_ keys: CheckedSection) -> SnowplowSettings {
        var settings = SnowplowSettings()
        settings.postPaths = keys[Keys.postPaths]
        settings.pixelPaths = keys[Keys.pixelPaths]
        settings.redirects = AllowedRedirects(hosts: keys[Keys.redirects])
        settings.cookie = keys[Keys.cookie] ? SnowplowSettings.Cookie() : nil
        settings.cookie?.domain = keys[Keys.cookieDomain]
        settings.doNotTrack = keys[Keys.doNotTrack].flatMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return parts.count == 2 ? SnowplowSettings.DoNotTrack(name: parts[0], value: parts[1]) : nil
        }
        return settings
    }

    private static func cloudevents(_ keys: CheckedSection) -> CloudEventsSettings {
        var settings = CloudEventsSettings()
        settings.path = keys[Keys.cloudeventsPath]
        settings.allowedOrigins = keys[Keys.webhookOrigins]
        settings.requiresSpecificationVersion = keys[Keys.requireVersion]
        return settings
    }

    private static func webhook(_ keys: CheckedSection) -> WebhookSettings {
        var settings = WebhookSettings()
        settings.path = keys[Keys.webhookPath]
        settings.signatures = keys[Keys.signatures].map { one in
            WebhookSettings.Signature(
                schema: one[Keys.schema].flatMap { SchemaName($0) }, scheme: one[Keys.scheme],
                secrets: one[Keys.signingSecrets], tolerance: Int(one[Keys.tolerance].components.seconds))
        }
        return settings
    }

    private static func pixel(_ keys: CheckedSection) -> PixelSettings {
        var settings = PixelSettings()
        settings.path = keys[Keys.pixelPath]
        settings.redirects = AllowedRedirects(hosts: keys[Keys.pixelRedirects])
        return settings
    }

    private static func segment(_ keys: CheckedSection) -> SegmentSettings {
        var settings = SegmentSettings()
        settings.path = keys[Keys.segmentPath]
        settings.writeKeys = keys[Keys.writeKeys]
        return settings
    }

    private static func amplitude(_ keys: CheckedSection) -> AmplitudeSettings {
        var settings = AmplitudeSettings()
        settings.path = keys[Keys.amplitudePath]
        settings.batchPath = keys[Keys.amplitudeBatchPath]
        settings.apiKeys = keys[Keys.apiKeys]
        return settings
    }
}

extension TextRule {
    fileprivate static let schemaName = TextRule(
        description: "the name of a schema, such as iglu:com.acme/push/jsonschema/1-0-0 or com.acme/push/v1.0.json",
        pattern: nil
    ) { SchemaName($0) != nil }

    fileprivate static let cookiePair = TextRule(
        description: "the name of a cookie, '=', and its value", pattern: "^[A-Za-z0-9._~-]+=[A-Za-z0-9._~-]+$"
    ) { text in
        let parts = text.utf8.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { TextRule.isAlphanumeric($0) || "._~-".utf8.contains($0) }
            }
    }

    /// Paths of routes.
    static let urlPath = TextRule(
        description: "a path that begins with '/' and ends without one", pattern: "^(/[A-Za-z0-9._~-]+)+$"
    ) { text in
        text.hasPrefix("/") && !text.hasSuffix("/") && !text.contains("//")
            && text.utf8.allSatisfy { TextRule.isAlphanumeric($0) || "/._~-".utf8.contains($0) }
    }
}
