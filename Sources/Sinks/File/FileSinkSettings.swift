package import CoreIngest

extension FileSink {
    /// What a file sink needs to know. Nothing in it is secret.
    package struct Settings: Sendable {
        /// The folder of the files. Its last part is created when missing, its parents are not.
        package var directory: String
        /// Name of the output that valid events go to: `events` makes `events-2026-11-21.ndjson`.
        package var defaultOutput: OutputName
        /// Name of the output that invalid events go to; nil leaves them to the lane's dead letters.
        package var deadletterOutput: OutputName?
        package var format: EventFormat
        package var compression: OutputCompression
        /// A file that would grow past so many bytes is followed by the next; one batch that alone is larger stays whole.
        package var maxFileBytes: Int
        /// Permissions of the files, exactly: the umask is not applied.
        package var fileMode: UInt32

        package init(
            directory: String, defaultOutput: OutputName, deadletterOutput: OutputName? = nil,
            format: EventFormat = .envelope, compression: OutputCompression = .none, maxFileBytes: Int = 1 << 30,
            fileMode: UInt32 = 0o640
        ) {
            self.directory = directory
            self.defaultOutput = defaultOutput
            self.deadletterOutput = deadletterOutput
            self.format = format
            self.compression = compression
            self.maxFileBytes = max(1, maxFileBytes)
            self.fileMode = fileMode & 0o777
        }
    }
}
