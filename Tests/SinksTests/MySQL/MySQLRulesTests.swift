import CoreIngest
import Testing

@testable import Sinks

@Suite struct MySQLRulesTests {
    @Test("Addresses are read part by part")
    func addresses() throws {
        let whole = try MySQLAddress("mysql://b%40z:p%3A%2F@w@[::1]:3307/d%20b?socket=/run/x.sock")
        #expect(whole.user == "b@z" && whole.password == "p:/@w" && whole.host == "::1" && whole.port == 3307)
        #expect(whole.database == "d b" && whole.socket == "/run/x.sock")
        let short = try MySQLAddress("mariadb://buz@db/shop")
        #expect(short.password.isEmpty && short.port == 3306 && short.socket == nil)
        #expect(try MySQLAddress("mysql://buz@/shop?socket=%2Frun%2Fx").host.isEmpty)
    }

    @Test(
        "Messages of the server are read for column and row, and their values go",
        arguments: [
            (UInt32(1406), "Data too long for column 'na me' at row 3", "na me", 2),
            (1366, "Incorrect decimal value: 'x' for column 'y' at row 9' for column `db`.`t`.`c` at row 1", "c", 0),
            (1048, "Column 'name' cannot be null", "name", nil),
            (1264, "Out of range value for column 'n' at row 12", "n", 11),
            (1062, "Duplicate entry 'secret' for key 'PRIMARY'", nil, nil),
            (1364, "Field 'own' doesn't have a default value", "own", nil),
        ] as [(UInt32, String, String?, Int?)])
    func messages(code: UInt32, text: String, column: String?, row: Int?) {
        let failure = MySQLFailure(code: code, state: "22000", message: text)
        #expect(failure.kind == .data && failure.row == row)
        #expect(
            failure.message.contains(column.map { "of column \($0) " } ?? "(error")
                && !failure.message.contains("secret"))
        #expect(!failure.message.contains(" 'x'"), "\(failure.message)")
    }

    @Test("An error from before TLS began is the server's own")
    func early() {
        let text =
            "Received error packet before completion of TLS handshake. The authenticity of the following error cannot be verified: 1130 - Host 'x' is not allowed"
        let failure = MySQLFailure(code: 2002, state: "HY000", message: text)
        #expect(failure.kind == .permission && failure.message == "Host 'x' is not allowed (error 1130)")
        #expect(MySQLFailure(code: 2002, state: "HY000", message: "Can't connect").kind == .connectionLost)
        #expect(MySQLFailure(code: 3159, state: "HY000", message: "insecure transport").kind == .misconfigured)
    }

    @Test("Names that MySQL cannot have are changed in a way that stays")
    func names() {
        #expect(mysqlIdentifier("a`b\\c") == "`a``b\\c`")
        #expect(mysqlTable(schema: "public", name: "Orders 😀 ") == "Orders __")
        #expect(mysqlTable(schema: "sales", name: "orders") == "sales_orders")
        #expect(mysqlTable(schema: "public", name: "buz_cdc_positions") == "public_buz_cdc_positions")
        #expect(mysqlTable(schema: String(repeating: "s", count: 60), name: "orders").utf8.count == 64)
        var server = MySQLServerTraits()
        #expect(mysqlTableFolding("A", server) != mysqlTableFolding("a", server))
        server.distinguishesTableCase = false
        #expect(mysqlTableFolding("A", server) == mysqlTableFolding("a", server))
        #expect(mysqlLiteral("a'b\\c\0") == #"'a\'b\\c\0'"#)
    }

    private func types(_ columns: [(StreamDescriptor.Kind, isKey: Bool)]) -> [String] {
        let stream = testStream(
            "t",
            columns.enumerated().map { .init(name: "c\($0)", sqlType: "", kind: $1.0, isKey: $1.isKey) })
        return MySQLTypes.definition(stream, changeColumns: []).columns.map { "\($0.type)" }
    }

    @Test("Texts of a key share what an index entry has, and a row's texts what a row has")
    func widths() {
        #expect(types([(.text, true)]) == ["VARCHAR(768)"])
        #expect(types([(.bytes, true)]) == ["VARBINARY(3072)"])
        #expect(
            types([(.text, true), (.integer(bits: 64), true), (.text, true)]) == [
                "VARCHAR(383)", "BIGINT", "VARCHAR(383)",
            ])
        #expect(types([(.text, true), (.string(maxLength: 100), true)]) == ["VARCHAR(668)", "VARCHAR(100)"])
        let row = types(Array(repeating: (.string(maxLength: 255), false), count: 60) + [(.integer(bits: 32), true)])
        #expect(row.filter { $0 == "VARCHAR(255)" }.count == 39 && row[59] == "LONGTEXT")
    }

    @Test(
        "A column that is there takes a type, is changed to it, or is refused",
        arguments: [
            ("INT", "int(11)", TypeFit.fits), ("BIGINT", "int", .change), ("INT", "bigint(20)", .fits),
            ("BIGINT", "decimal(20,0)", .fits), ("DECIMAL(12,2)", "decimal(10,2)", .change),
            ("DECIMAL(12,2)", "decimal(14,3)", .fits), ("LONGTEXT", "varchar(40)", .change),
            ("LONGTEXT", "int(11)", .change),
            ("VARCHAR(40)", "longtext", .fits), ("INT", "longtext", .fits), ("DATETIME(6)", "datetime", .change),
            ("DATETIME(6)", "timestamp(6)", .change), ("LONGTEXT", "json", .fits), ("LONGBLOB", "blob", .change),
            ("BOOLEAN", "tinyint(1)", .fits), ("DOUBLE", "float", .change),
            ("BIGINT UNSIGNED", "bigint(20) unsigned", .fits),
        ])
    func fits(wanted: String, present: String, expected: TypeFit) {
        #expect(MySQLType(parsing: wanted).fit(present) == expected)
    }

    @Test(
        "Texts that the server would write in another way are refused",
        arguments: ["tinyint(1)", "double", "datetime(6)", "longblob"])
    func refused(present: String) {
        guard case .refused = MySQLType(.longText).fit(present) else {
            Issue.record("\(MySQLType(.longText).fit(present))")
            return
        }
    }
}
