/// Memory of searches, kept from one to the next, so that they allocate nothing once it has grown.
package struct PatternScratch: Sendable {
    /// Of the search by states: the states before and after a character, and when each was last seen.
    var current: [Int32] = []
    var next: [Int32] = []
    var reached: [Int32] = []
    var pending: [Int32] = []
    var seen: [UInt32] = []
    var generation: UInt32 = 0
    /// Of the search that goes back.
    var slots: [Int] = []
    var choices: [PatternBacktracking.Choice] = []

    package init() {}
}
