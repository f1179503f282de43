/// Bytes of an arena, from and to: where the JSON of one column's value lies. Absent where the row did not have the column.
package struct ValueSpan: BitwiseCopyable {
    package var start: Int
    package var end: Int
    package static let absent = ValueSpan(start: -1, end: -1)
    package var isAbsent: Bool { start < 0 }

    package init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }
}
