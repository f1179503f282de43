/// What a person can look at and try while a demo runs.
struct DemoGuide {
    let folder: DemoFolder
    let postgres: DemoPostgres
    let configuration: String
    let operationsPort: Int
    let binary: String
    let mayEndByItself: Bool

    var text: String {
        """

        The shop is open: customers order, and every change goes to files and into a second database.

        Look
          events     tail -f \(folder.path)/out/events*
          mirror     \(postgres.psql("shop_mirror")) -c "SELECT status, count(*), sum(total) FROM orders GROUP BY 1"
          the shop   \(postgres.psql("shop"))
          console    http://127.0.0.1:\(operationsPort)/
          status     \(binary) status --config \(configuration)
          log        tail -f \(folder.path)/sidecar.log

        Try
        \(tries)

        \(mayEndByItself ? "It ends by itself; Ctrl-C ends it now." : "Ctrl-C ends it and removes everything.")

        """
    }

    private var tries: String {
        """
          1. Break a contract: a price below zero goes to the invalid events, and not into the mirror; the shop is not blocked.
               \(postgres.psql("shop")) -c "UPDATE products SET price = -1 WHERE id = 1"
               cat \(folder.path)/out/invalid_events*
               \(binary) deadletters list --config \(configuration)
          2. Stop a sink: the mirror refuses connections; the files do not notice. Then let it catch up.
               \(postgres.psql("postgres")) -c "ALTER DATABASE shop_mirror ALLOW_CONNECTIONS false" \
        -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop_mirror'"
               \(postgres.psql("postgres")) -c "ALTER DATABASE shop_mirror ALLOW_CONNECTIONS true"
          3. Kill the sidecar; it is started again after two seconds, and nothing is missing.
               kill -9 $(cat \(folder.path)/sidecar.pid)
        """
    }
}
