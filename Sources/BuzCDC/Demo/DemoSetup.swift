/// What a demo writes before its sidecar starts: the configuration.
struct DemoSetup {
    let folder: DemoFolder
    let postgres: DemoPostgres
    let operationsPort: Int

    /// Writes the files and answers the configuration's path.
    func write() throws(CommandFailure) -> String {
        _ = try folder.subfolder("out")
        _ = try folder.subfolder("state")
        _ = try folder.subfolder("schemas")
        return try folder.write(configuration, to: "buz-cdc.yaml")
    }

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
