private import CLibCrypto
import CoreIngest

/// Hashes of rows as `ParitySQL` has Postgres make them: the MD5 of the text of `ROW(…)`, whose members are canonical texts.
final class RecordHash {
    private let context: OpaquePointer
    private var record = ByteArena(capacity: 1024)
    private var digest = [UInt8](repeating: 0, count: 16)

    /// Throws where libcrypto does not make MD5 sums.
    init() throws(ParityError) {
        guard let context = EVP_MD_CTX_new() else { throw ParityError("there is no memory for a hash") }
        self.context = context
        guard EVP_DigestInit_ex(context, EVP_md5(), nil) == 1 else {
            throw ParityError(
                "OpenSSL's libcrypto makes no MD5 sums here, of which a comparison is made: run verify where it is not in FIPS mode"
            )
        }
    }

    deinit { EVP_MD_CTX_free(context) }

    /// What a row is compared by.
    func hash(of cells: borrowing CanonicalRow) -> Int64 {
        sum(cells, 0..<cells.count)
        return Int64(bitPattern: word(8))
    }

    /// The bucket of a key, whose values are the cells at some indices.
    func bucket(of cells: borrowing CanonicalRow, _ key: [Int], count: Int) -> Int {
        sum(cells, key)
        return Int(word(4)) & (count - 1)
    }

    private func sum(_ cells: borrowing CanonicalRow, _ members: some Sequence<Int>) {
        record.truncate(to: 0)
        record.append(UInt8(ascii: "("))
        var isFirst = true
        for member in members {
            if !isFirst { record.append(UInt8(ascii: ",")) }
            isFirst = false
            if let text = cells[member] { record.append(recordField: text) }
        }
        record.append(UInt8(ascii: ")"))
        // The algorithm is kept from the beginning.
        EVP_DigestInit_ex(context, nil, nil)
        EVP_DigestUpdate(context, record.bytes.baseAddress, record.count)
        EVP_DigestFinal_ex(context, &digest, nil)
    }

    /// The first bytes of the sum as a number, the highest first.
    private func word(_ bytes: Int) -> UInt64 { digest[..<bytes].reduce(0) { $0 << 8 | UInt64($1) } }
}

/// The canonical texts of one row. Reused for every row.
struct CanonicalRow: ~Copyable {
    private var texts = MirrorCells()

    /// Takes a row as the destination has it.
    mutating func take(_ cells: borrowing MirrorCells, of table: ParityTable) {
        texts.clear()
        for (index, column) in table.columns.enumerated() {
            // JSON's null counts as NULL, as in the source.
            if let value = cells[index], !(column.kind == .json && value.isJSONNull) {
                texts.bytes.append(canonical: value, column)
                texts.end()
            } else {
                texts.endNull()
            }
        }
    }

    var count: Int { texts.count }

    subscript(column: Int) -> UnsafeRawBufferPointer? { texts[column] }

    func text(_ column: Int) -> String? { texts[column].map { String(decoding: $0, as: UTF8.self) } }

    func key(of table: ParityTable) -> ParityKey { ParityKey(table.keyColumns.map { text($0) ?? "" }) }
}
