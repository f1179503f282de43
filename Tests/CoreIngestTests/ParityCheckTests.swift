import CoreIngest
import Testing

/// A table of numbers on both sides, in memory; the source can change at any look.
private final class Sides {
    var source: [Int: String] = [:]
    var mirror: [Int: String] = [:]
    /// Changes that the mirror has not taken in yet.
    var underWay: [(key: Int, value: String?)] = []
    /// Called before each look at the source.
    var traffic: () -> Void = {}
    var looks = 0

    func write(_ key: Int, _ value: String?) {
        source[key] = value
        underWay.append((key, value))
    }

    func catchUp() {
        for change in underWay { mirror[change.key] = change.value }
        underWay = []
    }
}

private struct Side: ParitySource, ParityMirror {
    let sides: Sides
    let isSource: Bool

    private var rows: [Int: String] {
        if isSource {
            sides.looks += 1
            sides.traffic()
        }
        return isSource ? sides.source : sides.mirror
    }

    private func isIn(_ key: Int, _ range: KeyRange) -> Bool {
        (range.after.flatMap { Int($0) } ?? .min) < key && key <= (range.upTo.flatMap { Int($0) } ?? .max)
    }

    /// Of a few values only, so that sums of hashes of different rows could meet if they were only xored.
    private func hash(_ key: Int, _ value: String) -> Int64 {
        Int64(truncatingIfNeeded: (key &+ 1) &* 0x1E37_79B9_7F4A_7C15 ^ value.utf8.reduce(7) { $0 &* 31 &+ Int($1) })
    }

    func digests(_ table: ParityTable, _ range: KeyRange, buckets: Int) -> [Int: BucketDigest] {
        var digests: [Int: BucketDigest] = [:]
        for (key, value) in rows where isIn(key, range) {
            let old = digests[key & (buckets - 1)] ?? BucketDigest(rows: 0, sum: 0)
            digests[key & (buckets - 1)] = BucketDigest(rows: old.rows + 1, sum: old.sum + Int128(hash(key, value)))
        }
        return digests
    }

    func hashes(_ table: ParityTable, _ range: KeyRange, buckets: Int, chosen: [Int]) -> [ParityKey: Int64] {
        var found: [ParityKey: Int64] = [:]
        for (key, value) in rows where isIn(key, range) && chosen.contains(key & (buckets - 1)) {
            found[ParityKey(["\(key)"])] = hash(key, value)
        }
        return found
    }

    func rows(_ table: ParityTable, _ keys: [ParityKey]) -> [ParityKey: [String?]] {
        let rows = rows
        var found: [ParityKey: [String?]] = [:]
        for key in keys {
            if let value = Int(key.values[0]).flatMap({ rows[$0] }) { found[key] = [key.values[0], value] }
        }
        return found
    }

    func boundary(_ table: ParityTable, after: String?, rows count: Int) -> String? {
        let later = rows.keys.filter { isIn($0, KeyRange(after: after)) }.sorted()
        return later.count >= count ? "\(later[count - 1])" : nil
    }

    func position() -> LogSequenceNumber { LogSequenceNumber(1) }

    func scope(of table: ParityTable) -> ParityScope { .allBut([]) }
}

@Suite("Comparison of a table with its mirror")
struct ParityCheckTests {
    private let table = ParityTable(
        schema: "public", name: "t",
        columns: [
            StreamDescriptor.Column(name: "id", sqlType: "integer", kind: .integer(bits: 32), isKey: true),
            StreamDescriptor.Column(name: "v", sqlType: "text", kind: .string(maxLength: nil)),
        ], keyColumns: [0], estimatedRows: 1000)

    private func check(
        _ sides: Sides, most: Int = 1000, late: String? = nil, catchesUp: Bool = true
    ) throws -> TableParity {
        var settings = ParitySettings()
        settings.partRows = 64
        settings.bucketRows = 4
        settings.confirmedAtOnce = 5
        settings.mostDifferences = most
        settings.load = 1
        return try ParityCheck(
            source: Side(sides: sides, isSource: true), mirror: Side(sides: sides, isSource: false), settings: settings,
            catchUp: { _ in
                if catchesUp { sides.catchUp() }
                return late
            }, pause: { _ in }
        ).compare(table)
    }

    private func filled(_ rows: Int = 1000) -> Sides {
        let sides = Sides()
        for key in 0..<rows { sides.write(key, "v\(key)") }
        sides.catchUp()
        return sides
    }

    @Test("Equal tables are equal, and all rows were counted", arguments: [0, 1, 63, 64, 65, 1000])
    func equal(rows: Int) throws {
        let parity = try check(filled(rows))
        #expect(parity.verdict == .equal && parity.sourceRows == UInt64(rows) && parity.mirrorRows == UInt64(rows))
    }

    @Test("Each kind of difference is found, wherever it is", arguments: [0, 1, 63, 64, 500, 999])
    func differences(key: Int) throws {
        var sides = filled()
        sides.mirror[key] = "other"
        #expect(
            try check(sides).differences == [
                RowDifference(key: ParityKey(["\(key)"]), kind: .different, columns: ["v"])
            ])
        sides = filled()
        sides.mirror[key] = nil
        #expect(
            try check(sides).differences == [RowDifference(key: ParityKey(["\(key)"]), kind: .missing, columns: [])])
        sides = filled()
        sides.source[key] = nil
        #expect(try check(sides).differences == [RowDifference(key: ParityKey(["\(key)"]), kind: .extra, columns: [])])
    }

    @Test("Rows beyond both ends of the source's keys are found", arguments: [-7, 1_000_000])
    func beyond(key: Int) throws {
        let sides = filled()
        sides.mirror[key] = "x"
        #expect(try check(sides).differences == [RowDifference(key: ParityKey(["\(key)"]), kind: .extra, columns: [])])
    }

    @Test("Traffic under way is no difference, and a row that is wrong among it is one", arguments: 0..<30)
    func traffic(seed: UInt64) throws {
        let sides = filled()
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        sides.traffic = {
            // All over the table, but for one row in ten.
            for _ in 0..<random(8) {
                let key = random(1100)
                if key % 10 != 3 { sides.write(key, random(4) == 0 ? nil : "w\(random(1000))") }
            }
        }
        let wrong = 10 * random(100) + 3
        sides.mirror[wrong] = "wrong"
        let parity = try check(sides)
        #expect(
            parity.differences == [RowDifference(key: ParityKey(["\(wrong)"]), kind: .different, columns: ["v"])],
            "seed \(seed)")
    }

    @Test("A row that changes at every look is unsettled, not different")
    func hotRow() throws {
        let sides = filled()
        sides.traffic = { sides.source[5] = "v\(sides.looks)" }
        let parity = try check(sides)
        #expect(parity.verdict == .unsettled && parity.unsettled == 1)
    }

    @Test("Of very many differences only some are looked at, and the rest is counted")
    func many() throws {
        let sides = filled()
        sides.mirror = [:]
        let parity = try check(sides, most: 20)
        #expect(parity.verdict == .different && parity.differences.count >= 20)
        #expect(parity.differences.count + Int(parity.unconfirmed) == 1000)
    }

    @Test("A mirror that does not catch up is named as the reason")
    func behind() throws {
        let sides = filled()
        sides.write(7, "new")
        let parity = try check(sides, late: "parked", catchesUp: false)
        #expect(parity.differences.count == 1 && parity.behind == "parked")
        #expect(try check(sides).verdict == .equal)
    }

    @Test("A table without a key is not compared")
    func keyless() throws {
        var settings = ParitySettings()
        settings.load = 1
        let sides = Sides()
        var keyless = table
        keyless.keyColumns = []
        let parity = try ParityCheck(
            source: Side(sides: sides, isSource: true), mirror: Side(sides: sides, isSource: false), settings: settings,
            catchUp: { _ in nil }, pause: { _ in }
        ).compare(keyless)
        #expect(parity.verdict == .notCompared && sides.looks == 0)
    }

    @Test("Keys are compared byte for byte")
    func keys() { #expect(ParityKey(["\u{e9}"]) != ParityKey(["e\u{301}"])) }
}
