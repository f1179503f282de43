import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// One showing: server, shop, sidecar, traffic; then everything stopped in the opposite order.
struct Demo {
    let folder: DemoFolder
    let seconds: Int?
    /// Transactions a second.
    let rate: Int

    func run() throws(CommandFailure) {
        let log = "\(folder.path)/demo.log"
        Output.line("starting Postgres in \(folder.path) …")
        let postgres = try DemoPostgres(folder: folder.subfolder("postgres"), log: log)
        defer { postgres.stop(log: log) }
        try createDatabases(postgres)
        let operationsPort = try DemoPostgres.freePort()
        let configuration = try DemoSetup(folder: folder, postgres: postgres, operationsPort: operationsPort).write()
        var sidecar = try DemoSidecar(folder: folder, configuration: configuration)
        defer { sidecar.stop() }
        let guide = DemoGuide(
            folder: folder, postgres: postgres, configuration: configuration, operationsPort: operationsPort,
            binary: sidecar.binary, mayEndByItself: seconds != nil)
        Output.line(guide.text)
        try visit(postgres, &sidecar)
        if seconds != nil { try compare(postgres, &sidecar) }
        Output.line("stopping …")
    }

    private func createDatabases(_ postgres: DemoPostgres) throws(CommandFailure) {
        let admin = try DemoConnection(postgres.url("postgres"))
        try admin.run("CREATE DATABASE shop")
        try admin.run("CREATE DATABASE shop_mirror")
        let shop = try DemoConnection(postgres.url("shop"))
        try shop.run(DemoShop.schema)
        try shop.run(DemoShop.rows)
        try shop.run(DemoShop.traffic)
    }

    /// Customers order until Ctrl-C or the end of the time.
    private func visit(_ postgres: DemoPostgres, _ sidecar: inout DemoSidecar) throws(CommandFailure) {
        let shop = try DemoConnection(postgres.url("shop"))
        let started = MonotonicClock.seconds()
        let end = seconds.map { started + Double($0) } ?? .infinity
        var transactions = 0
        var nextReport = started + 10
        while !StopRequest.isSet, MonotonicClock.seconds() < end {
            try shop.run("SELECT traffic_step()")
            transactions += 1
            try sidecar.restartWhenGone()
            let now = MonotonicClock.seconds()
            if now >= nextReport {
                nextReport = now + 10
                report(postgres, shop, transactions: transactions)
            }
            let due = started + Double(transactions) / Double(rate)
            if due > now { usleep(UInt32((due - now) * 1_000_000)) }
        }
    }

    private func report(_ postgres: DemoPostgres, _ shop: DemoConnection, transactions: Int) {
        let count = "SELECT count(*) FROM public.orders"
        let here = (try? shop.run(count)) ?? "?"
        let there = (try? DemoConnection(postgres.url("shop_mirror")).run(count)) ?? "not reachable"
        Output.line("\(transactions) transactions; orders in the shop: \(here), in the mirror: \(there)")
    }

    /// Waits until the mirror equals the shop, table by table and row by row.
    private func compare(_ postgres: DemoPostgres, _ sidecar: inout DemoSidecar) throws(CommandFailure) {
        let shop = try DemoConnection(postgres.url("shop"))
        let mirror = try DemoConnection(postgres.url("shop_mirror"))
        let deadline = MonotonicClock.seconds() + 30
        var different = DemoShop.tables
        while true {
            try sidecar.restartWhenGone()
            var still: [String] = []
            for table in different {
                let query = DemoShop.fingerprint(of: table)
                let there = try? mirror.run(query)
                if try shop.run(query) != there { still.append(table) }
            }
            different = still
            if different.isEmpty { break }
            guard MonotonicClock.seconds() < deadline, !StopRequest.isSet else {
                throw .failed(
                    "the mirror differs from the shop in \(different.joined(separator: ", ")); "
                        + "run with --keep and see \(folder.path)/sidecar.log")
            }
            usleep(200_000)
        }
        Output.line("the mirror equals the shop, row by row: \(DemoShop.tables.joined(separator: ", "))")
    }

    /// The last lines of a text file, for messages.
    static func lastLines(of path: String, count: Int) -> [String] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        fseek(file, max(0, ftell(file) - 8192), SEEK_SET)
        var buffer = [UInt8](repeating: 0, count: 8192)
        let length = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<length], as: UTF8.self).split(separator: "\n").suffix(count).map(String.init)
    }
}

/// Time that never goes backwards.
enum MonotonicClock {
    static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
