import CoreIngest

/// Finds who answers a path. Made once; asked for every request, without allocating.
struct Router: Sendable {
    /// Who answers: an index into the handlers, or into the pages.
    enum Target: Equatable, Sendable {
        case handler(Int)
        case page(Int)
    }

    enum Match: Equatable {
        case found(Target)
        /// The path is known, the method is not: these are.
        case wrongMethod(Set<RequestMethod>)
        case nobody
    }

    private struct Entry {
        var path: [UInt8]
        var methods: Set<RequestMethod>
        /// The same, by raw value of the method.
        var mask: UInt16
        var target: Target
    }

    private var exact: [Entry] = []
    /// The longest first.
    private var prefixes: [Entry] = []
    private var twoSegments: [Entry] = []

    init(_ routes: [(route: Route, target: Target)]) {
        for (route, target) in routes {
            var methods = route.methods
            if methods.contains(.get) { methods.insert(.head) }
            var mask: UInt16 = 0
            for method in methods { mask |= 1 << UInt16(method.rawValue) }
            func entry(_ path: String) -> Entry {
                Entry(path: Array(path.utf8), methods: methods, mask: mask, target: target)
            }
            switch route.pattern {
            case .exact(let path): exact.append(entry(path))
            case .prefix(let path): prefixes.append(entry(path))
            case .twoSegments: twoSegments.append(entry(""))
            }
        }
        prefixes.sort { $0.path.count > $1.path.count }
    }

    /// `path` is percent-decoded.
    func match(_ method: RequestMethod, _ path: UnsafeRawBufferPointer) -> Match {
        var allowed: Set<RequestMethod> = []
        let bit = 1 << UInt16(method.rawValue) as UInt16
        for entry in exact where Self.isSame(entry.path, path) {
            if entry.mask & bit != 0 { return .found(entry.target) }
            allowed.formUnion(entry.methods)
        }
        for entry in prefixes where Self.isBelow(entry.path, path) {
            if entry.mask & bit != 0 { return .found(entry.target) }
            allowed.formUnion(entry.methods)
        }
        for entry in twoSegments where Self.hasTwoSegments(path) {
            if entry.mask & bit != 0, allowed.isEmpty { return .found(entry.target) }
            allowed.formUnion(entry.methods)
        }
        return allowed.isEmpty ? .nobody : .wrongMethod(allowed)
    }

    private static func isSame(_ entry: [UInt8], _ path: UnsafeRawBufferPointer) -> Bool {
        entry.count == path.count && entry.withUnsafeBytes { $0.elementsEqual(path) }
    }

    private static func isBelow(_ entry: [UInt8], _ path: UnsafeRawBufferPointer) -> Bool {
        guard path.count >= entry.count else { return false }
        let head = UnsafeRawBufferPointer(rebasing: path[..<entry.count])
        guard entry.withUnsafeBytes({ $0.elementsEqual(head) }) else { return false }
        return path.count == entry.count || path[entry.count] == UInt8(ascii: "/")
    }

    private static func hasTwoSegments(_ path: UnsafeRawBufferPointer) -> Bool {
        guard path.count >= 4, path[0] == UInt8(ascii: "/") else { return false }
        let rest = path[1...]
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return false }
        return slash > 1 && slash + 1 < path.count && !path[(slash + 1)...].contains(UInt8(ascii: "/"))
    }
}
