import CoreIngest
import Testing

@testable import BuzCDC

private let leastConfiguration = """
    app: {stateDir: ./state}
    inputs:
      postgres:
        - {name: shop-1, url: "postgres://u:pw@h/shop"}
    sinks:
      - {name: lake, type: file, path: ./out}

    """

/// A configuration with something wrong, and how the message begins.
struct Mistake: Sendable {
    var text: String
    var message: String

    init(_ text: String, _ message: String) {
        self.text = text
        self.message = message
    }

    /// The least configuration with a line more.
    static func adding(_ line: String, _ message: String) -> Mistake { Mistake(leastConfiguration + line, message) }
    /// With a second sink `w`.
    static func sink(_ keys: String, _ message: String) -> Mistake { adding("  - {name: w, \(keys)}", message) }
    /// With more keys in its input.
    static func input(_ keys: String, _ message: String) -> Mistake {
        Mistake(leastConfiguration.replacing("url:", with: "\(keys), url:"), message)
    }
}

private let mistakes: [Mistake] = [
    Mistake("{}", "missing key 'stateDir' in app; add e.g. 'stateDir: /var/lib/buz-cdc'"),
    Mistake("app: {stateDir: s}", "no input; add a database under 'inputs.postgres'"),
    Mistake("app: {stateDir: s}", "no sink is enabled; add one under 'sinks'"),
    Mistake("version: 2\n" + leastConfiguration, "version must be 1, found '2'"),
    Mistake(
        leastConfiguration.replacing(
            "  postgres:", with: "  pixel: {enabled: true, path: /x}\n  webhook: {enabled: true, path: /x}\n  postgres:"
        ),
        "the path /x is that of webhook too; choose another"),
    Mistake(
        leastConfiguration.replacing("    - {name", with: "    - {name: x, slot: buz_shop_1, url: y}\n    - {name"),
        "the slot 'buz_shop_1' of this input is taken by the one in line 4"),
    .adding("  - {name: lake, type: stdout}", "the name 'lake' of this sink is taken by the one in line 6"),
    .adding(
        "http: {events: {headers: [Cookie]}}",
        "http.events.headers must be the name of a header field that holds no credentials"),
    Mistake(
        leastConfiguration.replacing("  postgres:", with: "  pixel: {enabled: true}\n  postgres:")
            + "middleware: {auth: {enabled: true}}", "middleware.auth is enabled without tokens and users"),
    .sink("type: redshift, url: u, staging: s3://bucket/a", "'staging' needs iamRole"),
    .sink("type: redshift, url: u, iamRole: default", "'iamRole' is only of use with 'staging'"),
    .sink("type: redshift, url: u, region: x", "'region' is only of use with 'staging'"),
    .sink("type: redshift, url: u, staging: \"s3://bucket/a'b\", iamRole: default", "sinks.staging must be s3://"),
    .sink(
        "type: redshift, url: u, staging: s3://bucket, iamRole: root", "sinks.iamRole must be 'default', or the ARN"),
    .adding("registry: {purge: {path: /stats}}", "registry.purge.path must be a path of its own"),
    .adding("registry: {purge: {path: purge}}", "registry.purge.path must be a path of its own"),
    .adding("registry: {backend: {type: ftp}}", "unknown type 'ftp' of registry"),
    .adding("registry: {backend: {type: http}}", "missing key 'url'"),
    .adding(
        "registry: {backend: {type: http, url: 'https://user:secret@host/x'}}",
        "registry.backend.url must be an address such as"),
    .adding("registry: {backend: {type: file, url: 'https://host'}}", "unknown key 'url'"),
    .adding("registry: {backend: {type: s3}}", "missing key 'bucket'"),
    .adding("registry: {backend: {type: s3, bucket: a/b}}", "registry.backend.bucket must be a name of 3 to"),
    .adding("registry: {backend: {type: s3, bucket: abc, prefix: a/../b}}", "registry.backend.prefix must be empty"),
    .adding(
        "registry: {backend: {type: s3, bucket: abc, accessKeyId: x}}",
        "accessKeyId and secretAccessKey belong together"),
    .adding("registry: {backend: {type: iglu, url: 'ftp://host'}}", "registry.backend.url must be an address such as"),
    .adding("sink: []", "unknown key 'sink' at the top level; did you mean 'sinks'?"),
    .sink("type: postgress, url: x", "unknown type 'postgress' of sink; did you mean 'postgres'?"),
    .sink("type: vertica", "unknown type 'vertica' of sink; it can be one of stdout, file, blackhole, postgres"),
    .sink(
        "type: stdout, format: cloudevents",
        "sinks.format must be one of envelope, debezium, row, found 'cloudevents'"),
    .sink("type: stdout, park: {whenFull: discard}", "park.whenFull has no effect with deliveryRequired: true"),
    .sink("type: stdout, retry: {initial: 1m}", "retry.max is less than retry.initial"),
    .sink("type: file, path: x, deadletterOutput: events", "deadletterOutput is the same as defaultOutput"),
    .sink("type: file, path: ./out/", "this sink writes the files ./out/events-*, as the one in line 6 does"),
    .sink(
        "type: file, path: ./out, defaultOutput: x, deadletterOutput: events",
        "this sink writes the files ./out/events-*, as the one in line 6 does"),
    .adding(
        "  - {name: w, type: file, path: \"a\\nb\"}\n  - {name: v, type: file, path: \"a\\nb\"}",
        "this sink writes the files a\\u{a}b/events-*, as the one in line 7 does"),
    .sink("type: file, path: ''", "sinks.path must be a text that is not empty, found ''"),
    .input("slot: Buz", "inputs.postgres.slot must be 1 to 63 lower case letters, digits or '_', found 'Buz'"),
    .input("tables: [orders]", "inputs.postgres.tables must be schema.table"),
    .input("tables: ['!public.x']", "tables only leaves tables out"),
    .input("schemas: {vendor: ../x}", "inputs.postgres.schemas.vendor must be a vendor"),
]

@Suite("The configuration of buz-cdc")
struct ConfigurationLoaderTests {
    private func load(_ text: String, _ variables: [String: String] = [:]) throws(ConfigurationError)
        -> ConfigurationLoader.Loaded
    {
        try ConfigurationLoader(environment: { variables[$0] }).load(bytes: Array(text.utf8), file: "f")
    }

    @Test("The least configuration gets its defaults")
    func least() throws {
        let configuration = try load(leastConfiguration).configuration
        #expect(configuration.app.stateDirectory == "./state" && configuration.app.logLevel == .info)
        let input = try #require(configuration.inputs.postgres.first)
        #expect(input.slot == "buz_shop_1" && input.publication == "buz_shop_1" && input.tables == ["public.*"])
        #expect(input.url == "postgres://u:pw@h/shop" && input.snapshot == .initial)
        #expect(configuration.operations.enabled && configuration.operations.port == 8080)
        #expect(configuration.operations.host == "127.0.0.1" && configuration.operations.token == nil)
        let sink = try #require(configuration.sinks.first)
        #expect(sink.deliveryRequired && sink.park.maxBytes == 1 << 30 && sink.retry.initial == .milliseconds(100))
        let file = try #require(sink.destination as? FileSinkConfiguration)
        #expect(file.path == "./out" && file.defaultOutput == "events" && file.deadletterOutput == nil)
        #expect(file.compression == .none && file.format == .envelope)
    }

    @Test("What is told of invalid events is read")
    func validation() throws {
        let usual = try load(leastConfiguration).configuration.validation.reporting
        #expect(usual == SchemaReporting())
        let text = leastConfiguration + "validation: {maxErrors: 5, values: hide}"
        let hidden = try load(text).configuration.validation.reporting
        #expect(hidden.hidesValues && hidden.mostFailures == 5)
    }

    @Test("A mirror, a disabled sink and a secret from the environment are read")
    func more() throws {
        let text =
            leastConfiguration
                + """
                  - name: replica
                    type: postgres
                    url: host=h password=${PW}
                    mode: mirror
                    schema: copy
                    deliveryRequired: false
                    park: {maxBytes: 0, whenFull: discard}
                  - {name: off, type: stdout, enabled: false}
                operations: {token: "${TOKEN}"}
                """
        let loaded = try load(text, ["PW": "hush", "TOKEN": "still"])
        #expect(loaded.configuration.sinks.map(\.name) == ["lake", "replica"])
        #expect(loaded.configuration.operations.token == "still")
        let sink = loaded.configuration.sinks[1]
        #expect(!sink.deliveryRequired && sink.park == ParkLimits(maxBytes: 0, whenFull: .discard))
        let postgres = try #require(sink.destination as? PostgresSinkConfiguration)
        #expect(postgres.outputs.mode == .mirror && postgres.schema == "copy" && postgres.url == "host=h password=hush")
        let view = ResolvedView.yaml(loaded.section)
        #expect(!view.contains("hush") && !view.contains("still") && !view.contains(":pw@"))
        #expect(view.contains("host=h password=***") && view.contains("postgres://u:***@h/shop"))
        #expect(ResolvedView.yaml(try load(view).section) == view)
    }

    @Test("What does not go together is told", arguments: mistakes)
    func together(mistake: Mistake) {
        let error = #expect(throws: ConfigurationError.self) { try load(mistake.text) }
        let isTold = error?.problems.contains { $0.message.hasPrefix(mistake.message) }
        #expect(isTold == true, "\(error?.lines ?? [])")
        #expect(error?.lines.allSatisfy { $0.hasPrefix("f:") && !$0.contains("\n") } == true)
        #expect(error?.description.contains("pw@") == false)
        #expect(error?.description.contains("secret@") == false)
    }

    @Test("No mistake in an address gives its password away")
    func noLeak() {
        let error = #expect(throws: ConfigurationError.self) {
            try load(
                leastConfiguration
                    + "  - {name: w, type: postgres, url: ['postgres://u:hush@h'], ulr: 'hush'}\nsinsk: hush\n")
        }
        #expect(error?.lines.count == 3)
        #expect(error?.description.contains("hush") == false)
    }
}
