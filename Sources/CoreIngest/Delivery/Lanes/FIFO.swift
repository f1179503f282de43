/// A queue in one array: elements leave at the front and are released at once. Both ends amortised O(1).
package struct FIFO<Element> {
    private var slots: ContiguousArray<Element?> = []
    private var head = 0

    package init() {}

    package var count: Int { slots.count - head }
    package var isEmpty: Bool { head == slots.count }
    package var first: Element? { isEmpty ? nil : slots[head] }
    package var last: Element? { isEmpty ? nil : slots[slots.count - 1] }

    /// The element at a distance from the front; `index` is below ``count``.
    package subscript(_ index: Int) -> Element? { slots[head + index] }

    package mutating func append(_ element: Element) { slots.append(element) }

    package mutating func popFirst() -> Element? {
        guard head < slots.count else { return nil }
        let element = slots[head]
        slots[head] = nil
        head += 1
        if head == slots.count {
            slots.removeAll(keepingCapacity: slots.count <= 1024)
            head = 0
        } else if head >= 64, head * 2 > slots.count {
            slots.removeFirst(head)
            head = 0
        }
        return element
    }

    package mutating func popLast() -> Element? {
        guard head < slots.count, let element = slots.removeLast() else { return nil }
        if head == slots.count {
            slots.removeAll(keepingCapacity: true)
            head = 0
        }
        return element
    }

    /// Changes the element at a distance from the front; nothing happens where there is none.
    package mutating func update(_ index: Int, _ change: (inout Element) -> Void) {
        guard index >= 0, head + index < slots.count, var element = slots[head + index] else { return }
        change(&element)
        slots[head + index] = element
    }

    /// Changes the last element in place, where there is one.
    package mutating func updateLast(_ change: (inout Element) -> Void) {
        guard head < slots.count, var element = slots[slots.count - 1] else { return }
        change(&element)
        slots[slots.count - 1] = element
    }
}

extension FIFO: Sendable where Element: Sendable {}
