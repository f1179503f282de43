import CoreIngest

/// The messages of the streaming replication protocol that this side sends, and the frames that it takes apart. Source: the
/// manual's section "Streaming Replication Protocol".
enum ReplicationCommand {
    /// START_REPLICATION with the options that the server's version knows. Streaming and two-phase stay off: transactions come
    /// whole, at their commit. `origin` stays at its default, any.
    static func start(
        slot: String, publication: String, from start: LogSequenceNumber, serverVersion: Int
    ) -> String {
        // The list of publications is itself a list of identifiers, within a literal.
        let publications = SQLText.replicationLiteral(SQLText.identifier(publication))
        var options = ["proto_version '\(protocolVersion(serverVersion))'", "publication_names \(publications)"]
        if serverVersion >= 140_000 { options.append("messages 'true'") }
        return
            "START_REPLICATION SLOT \(SQLText.identifier(slot)) LOGICAL \(start) (\(options.joined(separator: ", ")))"
    }

    static func protocolVersion(_ serverVersion: Int) -> Int {
        switch serverVersion {
        case 160_000...: 4
        case 150_000...: 3
        case 140_000...: 2
        default: 1
        }
    }

    /// Standby status update: 34 bytes. `now`: microseconds since the Unix epoch.
    static func appendStatus(
        written: LogSequenceNumber, flushed: LogSequenceNumber, now: Int64, wantsReply: Bool, to arena: inout ByteArena
    ) {
        arena.append(UInt8(ascii: "r"))
        arena.append(bigEndian: written.rawValue)
        arena.append(bigEndian: flushed.rawValue)
        arena.append(bigEndian: flushed.rawValue)
        arena.append(bigEndian: UInt64(bitPattern: now - Timestamp.postgresEpoch))
        arena.append(UInt8(wantsReply ? 1 : 0))
    }
}

/// What the server sends within the copy.
enum ReplicationFrame {
    /// XLogData: a message of the output plugin, from byte 25 on. `sentAt`: microseconds since the Unix epoch.
    case data(start: LogSequenceNumber, sentAt: Int64)
    case keepalive(end: LogSequenceNumber, wantsReply: Bool)

    static let dataHeader = 25
    static let keepaliveLength = 18

    init(_ bytes: UnsafeRawBufferPointer) throws(SourceError) {
        guard let letter = bytes.first else { throw SourceError(.malformedMessage, "an empty replication message") }
        switch letter {
        case UInt8(ascii: "w"):
            guard bytes.count > Self.dataHeader else {
                throw SourceError(.malformedMessage, "a data message of \(bytes.count) bytes, where its header has 25")
            }
            self = .data(
                start: LogSequenceNumber(Self.bigEndian(bytes, 1)),
                sentAt: Int64(bitPattern: Self.bigEndian(bytes, 17)) &+ Timestamp.postgresEpoch)
        case UInt8(ascii: "k"):
            guard bytes.count >= Self.keepaliveLength else {
                throw SourceError(.malformedMessage, "a keepalive of \(bytes.count) bytes, where it has 18")
            }
            self = .keepalive(end: LogSequenceNumber(Self.bigEndian(bytes, 1)), wantsReply: bytes[17] != 0)
        case let letter:
            throw SourceError(
                .malformedMessage,
                "a replication message of unknown kind 0x\(String(letter, radix: 16)): is a proxy between?")
        }
    }

    private static func bigEndian(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

extension ByteArena {
    fileprivate mutating func append(bigEndian value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { append($0) }
    }
}
