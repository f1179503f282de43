import CoreIngest

@testable import LogicalDecoding

/// Bytes of replication messages, as the server would send them.
struct MessageBuilder {
    private(set) var bytes: [UInt8]

    init(_ type: Character) { bytes = [type.asciiValue ?? 0] }

    func uint8(_ value: UInt8) -> Self { adding([value]) }
    func uint16(_ value: UInt16) -> Self { adding([UInt8(value >> 8), UInt8(value & 0xFF)]) }
    func uint32(_ value: UInt32) -> Self {
        adding((0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) })
    }
    func uint64(_ value: UInt64) -> Self {
        adding((0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) })
    }
    func string(_ value: String) -> Self { adding(Array(value.utf8) + [0]) }
    func adding(_ more: [UInt8]) -> Self {
        var copy = self
        copy.bytes += more
        return copy
    }

    /// `nil` a null, `unchanged` a TOASTed value that was not sent.
    enum Value: ExpressibleByStringLiteral, ExpressibleByNilLiteral {
        case text([UInt8])
        case null
        case unchanged
        init(stringLiteral value: String) { self = .text(Array(value.utf8)) }
        init(nilLiteral: ()) { self = .null }
    }

    func row(_ part: Character, _ values: [Value]) -> Self {
        var result = uint8(part.asciiValue ?? 0).uint16(UInt16(values.count))
        for value in values {
            switch value {
            case .text(let text):
                result = result.uint8(UInt8(ascii: "t")).uint32(UInt32(text.count)).adding(text)
            case .null: result = result.uint8(UInt8(ascii: "n"))
            case .unchanged: result = result.uint8(UInt8(ascii: "u"))
            }
        }
        return result
    }

    static func begin(_ lsn: UInt64, time: UInt64 = 0, xid: UInt32 = 7) -> [UInt8] {
        MessageBuilder("B").uint64(lsn).uint64(time).uint32(xid).bytes
    }

    static func commit(_ lsn: UInt64, end: UInt64, time: UInt64 = 0) -> [UInt8] {
        MessageBuilder("C").uint8(0).uint64(lsn).uint64(end).uint64(time).bytes
    }

    static func relation(_ relation: RelationInfo) -> [UInt8] {
        var result = MessageBuilder("R").uint32(relation.id)
            .string(relation.schema == "pg_catalog" ? "" : relation.schema).string(relation.name)
            .uint8(relation.replicaIdentity.rawValue).uint16(UInt16(relation.columns.count))
        for column in relation.columns {
            result = result.uint8(column.isIdentity ? 1 : 0).string(column.name).uint32(column.typeOID)
                .uint32(UInt32(bitPattern: column.typeModifier))
        }
        return result.bytes
    }

    static func insert(_ relation: UInt32, _ values: [Value]) -> [UInt8] {
        MessageBuilder("I").uint32(relation).row("N", values).bytes
    }

    static func update(_ relation: UInt32, old: (Character, [Value])? = nil, _ values: [Value]) -> [UInt8] {
        var result = MessageBuilder("U").uint32(relation)
        if let old { result = result.row(old.0, old.1) }
        return result.row("N", values).bytes
    }

    static func delete(_ relation: UInt32, _ part: Character, _ values: [Value]) -> [UInt8] {
        MessageBuilder("D").uint32(relation).row(part, values).bytes
    }

    static func truncate(_ relations: [UInt32]) -> [UInt8] {
        relations.reduce(MessageBuilder("T").uint32(UInt32(relations.count)).uint8(0)) { $0.uint32($1) }.bytes
    }
}
