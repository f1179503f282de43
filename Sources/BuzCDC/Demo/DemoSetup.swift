/// What a demo writes before its sidecar starts: the configuration.
struct DemoSetup {
    let folder: DemoFolder
    let postgres: DemoPostgres
    let operationsPort: Int

    /// Writes the files and answers the configuration's path.
    func write() throws(CommandFailure) -> String {
        _ = try folder.subfolder("out")
        _ = try folder.subfolder("state")
        try writeContract()
        return try folder.write(configuration, to: "buz-cdc.yaml")
    }

    /// A contract for one table, in the registry's folder: rows of products are checked against it instead of the derived schema.
    private func writeContract() throws(CommandFailure) {
        var path = "schemas"
        _ = try folder.subfolder(path)
        for part in ["com.example.shop", "products", "jsonschema"] {
            path += "/\(part)"
            _ = try folder.subfolder(path)
        }
        try folder.write(Self.contract, to: "\(path)/1-0-0")
    }

    private static let contract = """
        {
          "$schema": "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#",
          "self": {"vendor": "com.example.shop", "name": "products", "format": "jsonschema", "version": "1-0-0"},
          "description": "What analysts may rely on: every product has a name, and costs more than nothing",
          "type": "object",
          "properties": {
            "sku": {"type": "string", "maxLength": 20},
            "name": {"type": "string", "minLength": 1},
            "price": {"type": "number", "minimum": 0.01}
          },
          "required": ["id", "sku", "name", "price"]
        }

        """

    private var configuration: String {
        """
        version: 1
        app:
          name: demo
          env: demo
          stateDir: \(folder.path)/state
        inputs:
          postgres:
            - name: shop
              url: \(postgres.url("shop"))
              slot: buz_shop
              publication: buz_shop
              tables: ["public.*"]
              snapshot: initial
              schemas: {vendor: com.example.shop}
        operations:
          host: 127.0.0.1
          port: \(operationsPort)
        registry:
          backend: {type: file, path: \(folder.path)/schemas}
        sinks:
          - name: lake
            type: file
            deliveryRequired: true
            path: \(folder.path)/out
            defaultOutput: events
            deadletterOutput: invalid_events
          - name: replica
            type: postgres
            mode: mirror
            deliveryRequired: true
            url: \(postgres.url("shop_mirror"))

        """
    }
}
