import CoreIngest
import TestServers
import Testing

@testable import LogicalDecoding

/// The catalog's queries and tables against real servers.
@Suite(.serialized) struct CatalogTests {
    @Test("Built-in types are what the server says", arguments: PostgresServer.matrix)
    func builtinTypesAreTheServers(major: Int) throws {
        let server = try PostgresServer(major)
        let rows = try DatabaseReading.rows(
            """
            select t.oid, t.typname, t.typtype, case when e.typarray = t.oid then e.oid else 0 end,
              t.typdelim, coalesce(r.rngsubtype, m.rngsubtype, 0)
            from pg_type t left join pg_type e on e.oid = t.typelem left join pg_range r on r.rngtypid = t.oid
              left join pg_range m on m.rngmultitypid = t.oid
            where t.oid < 10000 and t.typtype in ('b', 'r', 'm')
              and t.typname !~ '^_?(pg_(ndistinct|dependencies|mcv_list|brin_.*|node_tree)|oid8)$'
              and coalesce(e.typtype, 'b') not in ('c', 'p') and coalesce(e.typrelid, 0) = 0
            """, of: server)
        #expect(rows.count > 130)
        for row in rows {
            let oid = try #require(row[0].flatMap { UInt32($0) })
            let name = row[1] ?? ""
            let known = try #require(BuiltinTypes.table[oid], "\(name) is missing")
            #expect(known.name == name)
            let element = row[3].flatMap { UInt32($0) } ?? 0
            let subtype = row[5].flatMap { UInt32($0) } ?? 0
            switch known.form {
            case .array(let known, let delimiter):
                #expect(known == element, "\(name)")
                #expect(delimiter == row[4]?.utf8.first, "\(name)")
            case .range(let known), .multirange(let known): #expect(known == subtype, "\(name)")
            default: #expect(element == 0 && row[2] == "b", "\(name)")
            }
        }
    }

    @Test("Types and tables are read from the server's catalog", arguments: PostgresServer.matrix)
    func catalogIsRead(major: Int) throws {
        let server = try PostgresServer(major)
        try server.sql(
            """
            create schema "my ""Shop""\";
            create type "my ""Shop""\".mood as enum ('sad', 'ok, "fine"', 'happy');
            create type pair as (n int, "the text" text, gone int);
            alter type pair drop attribute gone;
            create domain price as numeric(12,2) check (value >= 0);
            create domain prices as price[];
            create type span as range (subtype = float8);
            create table plain (a int);
            create table "my ""Shop""\".t (
              gone int, b varchar(20), a int, m "my ""Shop""\".mood, p pair, ps prices, s span, f plain, fs plain[],
              g int generated always as (a * 2) stored, ts timestamp(3), ms "my ""Shop""\".mood[], primary key (a, b));
            alter table "my ""Shop""\".t drop column gone;
            comment on table "my ""Shop""\".t is E'tab\\there';
            comment on column "my ""Shop""\".t.b is 'It''s b';
            create publication "it's p" for table "my ""Shop""\".t;
            """)
        let catalog = try DatabaseReading.catalog(of: server, publication: "it's p")
        let relation = try #require(catalog.tables.relations.first)
        let table = try #require(catalog.tables[relation])
        #expect(table.schema == "my \"Shop\"" && table.name == "t")
        #expect(table.primaryKey == ["a", "b"])
        #expect(table.comment == "tab\there")
        #expect(table.columns[ExactText("b")]?.comment == "It's b")
        #expect(table.columns[ExactText("g")]?.isGenerated == true)
        #expect(table.columns[ExactText("a")]?.isNotNull == true)
        #expect(table.columns[ExactText("m")]?.isNotNull == false)

        let announced = try #require(catalog.tables.relation(relation))
        #expect(announced.columns.map(\.name) == ["b", "a", "m", "p", "ps", "s", "f", "fs", "ts", "ms"])
        #expect(announced.columns.filter(\.isIdentity).map(\.name) == ["b", "a"])
        #expect(catalog.isComplete(for: announced))
        #expect(catalog.tables.relation(relation, columns: ["a", "nope"]) == nil)

        let shape = TableShape(announced, database: "d", catalog: catalog)
        #expect(shape.keyColumns == [1, 0])
        let price = StreamDescriptor.Kind.numeric(precision: 12, scale: 2)
        let plain = StreamDescriptor.Kind.composite([.init(name: "a", kind: .integer(bits: 32))])
        #expect(
            shape.columns.map(\.kind) == [
                .string(maxLength: 20), .integer(bits: 32), .enumeration,
                .composite([
                    .init(name: "n", kind: .integer(bits: 32)), .init(name: "the text", kind: .string(maxLength: nil)),
                ]), .array(of: price), .text, plain, .array(of: plain), .timestamp(withZone: false),
                .array(of: .enumeration),
            ])
        #expect(
            shape.columns.map(\.sqlType) == [
                "character varying(20)", "integer", "\"my \"\"Shop\"\"\".mood", "public.pair", "public.prices",
                "public.span",
                "public.plain", "public.plain[]", "timestamp(3) without time zone", "\"my \"\"Shop\"\"\".mood[]",
            ])
        #expect(shape.columns[2].enumLabels == ["sad", "ok, \"fine\"", "happy"])
        #expect(try DatabaseReading.rows(TableCatalog.query(relations: [relation]), of: server).count == 11)
        #expect(try DatabaseReading.rows(TableCatalog.query(relations: []), of: server).isEmpty)
    }
}
