/// A sink whose destination is paid by use, and which counts what it used.
package protocol MeteredSink: Sink {
    /// Since the start, in the order in which it is shown. Any thread.
    var usage: [UsageFigure] { get }
}

/// One thing that a sink used of its destination.
package struct UsageFigure: Sendable, Equatable {
    package enum Unit: Sendable {
        case count, bytes, milliseconds
    }

    /// The member of the object in `/stats`.
    package var key: String
    /// What `status` prints behind the value.
    package var words: String
    package var value: UInt64
    package var unit: Unit

    package init(_ key: String, _ value: UInt64, _ unit: Unit, _ words: String) {
        self.key = key
        self.words = words
        self.value = value
        self.unit = unit
    }
}
