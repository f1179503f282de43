import CoreIngest

extension TypeCatalog {
    /// What values of a type are in JSON. Domains are what their base type is; unknown types are text.
    func kind(of oid: UInt32, modifier: Int32 = -1, depth: Int = 0) -> StreamDescriptor.Kind {
        guard depth < Self.depthLimit, let type = self[oid] else { return .text }
        switch type.form {
        case .enumeration: return .enumeration
        case .range, .multirange, .pseudo: return .text
        case .domain(let base, let own, _, _):
            return kind(of: base, modifier: modifier >= 0 ? modifier : own, depth: depth + 1)
        case .array(let element, _): return .array(of: kind(of: element, modifier: modifier, depth: depth + 1))
        case .composite(let attributes):
            return .composite(
                attributes.map {
                    StreamDescriptor.CompositeField(
                        name: $0.name, kind: kind(of: $0.typeOID, modifier: $0.typeModifier, depth: depth + 1))
                })
        case .base: return Self.baseKind(type, modifier)
        }
    }

    /// Labels of an enum, or of a domain over one; empty for all others.
    func enumLabels(of oid: UInt32, depth: Int = 0) -> [String] {
        guard depth < Self.depthLimit, let type = self[oid] else { return [] }
        switch type.form {
        case .enumeration(let labels): return labels
        case .domain(let base, _, _, _): return enumLabels(of: base, depth: depth + 1)
        case .base, .array, .composite, .range, .multirange, .pseudo: return []
        }
    }

    /// What the domains of a type are over, and what they all say together.
    func domains(of oid: UInt32) -> (base: UInt32, isNotNull: Bool, checks: [String]) {
        var found = (base: oid, isNotNull: false, checks: [String]())
        for _ in 0..<Self.depthLimit {
            guard case .domain(let base, _, let isNotNull, let checks)? = self[found.base]?.form else { break }
            found = (base, found.isNotNull || isNotNull, found.checks + checks)
        }
        return found
    }

    private static func baseKind(_ type: TypeInfo, _ modifier: Int32) -> StreamDescriptor.Kind {
        guard type.namespace == "pg_catalog" else {
            switch type.name {
            case "hstore": return .hstore
            case "citext": return .string(maxLength: nil)
            default: return .text
            }
        }
        switch type.name {
        case "bool": return .boolean
        case "int2": return .integer(bits: 16)
        case "int4": return .integer(bits: 32)
        case "int8": return .integer(bits: 64)
        // Unsigned: does not fit into 32 bits with a sign.
        case "oid": return .integer(bits: 64)
        case "float4": return .float(bits: 32)
        case "float8": return .float(bits: 64)
        case "numeric":
            guard let (precision, scale) = numericModifier(modifier) else {
                return .numeric(precision: nil, scale: nil)
            }
            return .numeric(precision: precision, scale: scale)
        case "text", "name": return .string(maxLength: nil)
        case "varchar", "bpchar": return .string(maxLength: modifier >= 4 ? Int(modifier) - 4 : nil)
        case "uuid": return .uuid
        case "date": return .date
        case "time": return .time(withZone: false)
        case "timetz": return .time(withZone: true)
        case "timestamp": return .timestamp(withZone: false)
        case "timestamptz": return .timestamp(withZone: true)
        case "interval": return .interval
        case "bytea": return .bytes
        case "json", "jsonb": return .json
        default: return .text
        }
    }

    /// Precision and scale: the scale is 11 bits with a sign since Postgres 15. Source: `numeric.c`,
    /// `numeric_typmod_scale`.
    static func numericModifier(_ modifier: Int32) -> (precision: Int, scale: Int)? {
        guard modifier >= 4 else { return nil }
        let packed = Int(modifier - 4)
        return (packed >> 16 & 0xFFFF, ((packed & 0x7FF) ^ 1024) - 1024)
    }
}
