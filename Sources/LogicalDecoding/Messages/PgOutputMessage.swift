/// One pgoutput message of any protocol version from 1 to 4. Source: the manual, "Logical Replication Message Formats".
enum PgOutputMessage {
    case begin(BeginMessage)
    case commit(CommitMessage)
    case origin(OriginMessage)
    case relation(RelationMessage)
    case type(TypeMessage)
    /// Insert, update or delete: the reader stands before the first row's values.
    case row(RowMessage)
    case truncate(TruncateMessage)
    case message(LogicalMessage)
    case streamStart(StreamStartMessage)
    case streamStop
    case streamCommit(StreamCommitMessage)
    case streamAbort(StreamAbortMessage)
    case beginPrepare(PrepareMessage)
    case prepare(PrepareMessage)
    case commitPrepared(PrepareMessage)
    case rollbackPrepared(RollbackPreparedMessage)
    case streamPrepare(PrepareMessage)

    /// Reads the message whose type the reader has taken. `streamed`: between Stream Start and Stream Stop, where `R Y
    /// I U D T M` carry the subtransaction's id first.
    init(from reader: inout MessageReader, streamed: Bool = false) throws(DecodingError) {
        switch reader.type {
        case UInt8(ascii: "B"): self = .begin(try BeginMessage(from: &reader))
        case UInt8(ascii: "C"): self = .commit(try CommitMessage(from: &reader))
        case UInt8(ascii: "O"): self = .origin(try OriginMessage(from: &reader))
        case UInt8(ascii: "R"): self = .relation(try RelationMessage(from: &reader, streamed: streamed))
        case UInt8(ascii: "Y"): self = .type(try TypeMessage(from: &reader, streamed: streamed))
        case UInt8(ascii: "I"), UInt8(ascii: "U"), UInt8(ascii: "D"):
            self = .row(try RowMessage(from: &reader, streamed: streamed))
        case UInt8(ascii: "T"): self = .truncate(try TruncateMessage(from: &reader, streamed: streamed))
        case UInt8(ascii: "M"): self = .message(try LogicalMessage(from: &reader, streamed: streamed))
        case UInt8(ascii: "S"): self = .streamStart(try StreamStartMessage(from: &reader))
        case UInt8(ascii: "E"):
            try reader.finish()
            self = .streamStop
        case UInt8(ascii: "c"): self = .streamCommit(try StreamCommitMessage(from: &reader))
        case UInt8(ascii: "A"): self = .streamAbort(try StreamAbortMessage(from: &reader))
        case UInt8(ascii: "b"): self = .beginPrepare(try PrepareMessage(from: &reader))
        case UInt8(ascii: "P"): self = .prepare(try PrepareMessage(from: &reader))
        case UInt8(ascii: "K"): self = .commitPrepared(try PrepareMessage(from: &reader))
        case UInt8(ascii: "r"): self = .rollbackPrepared(try RollbackPreparedMessage(from: &reader))
        case UInt8(ascii: "p"): self = .streamPrepare(try PrepareMessage(from: &reader))
        default:
            throw reader.error(
                .unknownMessage, "a message of a type that protocol versions 1 to 4 do not have", at: 0)
        }
    }
}
