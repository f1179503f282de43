import CoreIngest

@testable import Sinks

/// Random changes to a model and to the mirror of it, cut into transactions at random.
struct MirrorWalk {
    struct Row: Equatable {
        var name: String
        var note: String
    }

    var generator: SplitMix
    var model: [Int: Row] = [:]
    var appended = 0

    mutating func step(_ maker: BatchMaker, orders: StreamDescriptor, log: StreamDescriptor) {
        if generator.below(4) == 0 { maker.begin() }
        appended += 1
        maker.add(.create, log, "{\"n\":\(appended)}")
        let id = generator.below(40)
        let name = "n\(generator.below(1000))"
        let note = "t\(generator.below(1000))"
        let key = "{\"id\":\(id)}"
        let whole = "{\"id\":\(id),\"name\":\"\(name)\",\"note\":\"\(note)\"}"
        let choice = generator.below(100)
        guard let old = model[id] else {
            maker.add(.create, orders, whole, key: key)
            model[id] = Row(name: name, note: note)
            return
        }
        switch choice {
        case 0:
            maker.add(.truncate, orders)
            model = [:]
        case 1..<25:
            maker.add(.delete, orders, key, key: key, before: key, flags: .beforeIsKeyOnly)
            model[id] = nil
        case 25..<50:
            maker.add(
                .update, orders, "{\"id\":\(id),\"name\":\"\(name)\"}", key: key, unchanged: #""note""#)
            model[id] = Row(name: name, note: old.note)
        case 50..<65:
            move(id, Row(name: name, note: note), maker, orders, isWhole: true)
        case 65..<75:
            move(id, Row(name: name, note: old.note), maker, orders, isWhole: false)
        default:
            maker.add(.update, orders, whole, key: key)
            model[id] = Row(name: name, note: note)
        }
    }

    private mutating func move(
        _ id: Int, _ row: Row, _ maker: BatchMaker, _ orders: StreamDescriptor, isWhole: Bool
    ) {
        let free = (0..<60).filter { model[$0] == nil }
        // Every key is taken: nowhere to go.
        guard !free.isEmpty else { return }
        let new = free[generator.below(free.count)]
        let rest = isWhole ? ",\"note\":\"\(row.note)\"" : ""
        maker.add(
            .update, orders, "{\"id\":\(new),\"name\":\"\(row.name)\"\(rest)}", key: "{\"id\":\(new)}",
            before: "{\"id\":\(id)}", unchanged: isWhole ? nil : #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
        model[id] = nil
        model[new] = row
    }
}

/// The generator of random numbers SplitMix64, which begins where it is told to.
struct SplitMix {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }
}
