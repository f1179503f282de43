/// Why a replication message or a row of a snapshot could not be decoded. One line, without values of rows.
package struct DecodingError: Error, Sendable, Equatable, CustomStringConvertible {
    package var code: Code
    /// What went wrong and what to do.
    package var message: String
    /// Where: the message's type and the offset of the offending byte, or the line of a snapshot.
    package var location: Location

    package enum Code: String, Sendable {
        /// The message ends before what it announces.
        case truncated
        /// A length, count, tag or string that the protocol does not allow.
        case malformed
        /// A message of a type that this decoder does not know.
        case unknownMessage
        /// A message that belongs to a protocol option which was not asked for: streaming, two-phase, binary columns.
        case notRequested
        /// Messages in an order that the protocol does not allow.
        case outOfOrder
        /// A change of a relation that was not announced.
        case unknownRelation
        /// An event that does not fit into a batch: more than 4 GiB of JSON.
        case tooLarge
        /// Not an error of the message: its table's schema changed in a way that pauses the input.
        case held
    }

    package enum Location: Sendable, Equatable {
        /// The letter of a replication message, and bytes from its beginning.
        case message(type: UInt8, offset: Int)
        /// A row of a snapshot of a table, from 0.
        case snapshotRow(table: String, ordinal: UInt64)
        case none
    }

    package init(_ code: Code, _ message: String, at location: Location = .none) {
        self.code = code
        self.message = message
        self.location = location
    }

    /// One line, though names of tables may hold line breaks.
    package var description: String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { line.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar) }
        return String(line)
    }

    private var text: String {
        switch location {
        case .message(let type, let offset):
            let printable = type >= 0x21 && type < 0x7F
            let letter = printable ? "'\(Unicode.Scalar(type))'" : "0x\(String(type, radix: 16))"
            return "\(code.rawValue): \(message) (replication message \(letter), byte \(offset))"
        case .snapshotRow(let table, let ordinal):
            return "\(code.rawValue): \(message) (snapshot of \(table), row \(ordinal))"
        case .none:
            return "\(code.rawValue): \(message)"
        }
    }
}
