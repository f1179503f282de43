import CoreIngest
import Logging

/// What the server says beside the stream.
enum PublicationNotices {
    /// Logs them. Throws where changes were left out: Postgres 18 only warns when the publication was missing at their time.
    static func heed(
        _ notices: [NoticeLog.Notice], _ settings: PostgresSourceSettings, at handedOver: LogSequenceNumber,
        _ log: Logger
    ) throws(SourceError) {
        for notice in notices {
            let isSkipped =
                notice.severity == "WARNING"
                && (notice.message.hasPrefix("skipped loading publication")
                    || notice.sqlState == "55000" && notice.message.contains("\"\(settings.publication)\""))
            if isSkipped {
                throw SourceError(
                    .publicationSkipped,
                    "changes after \(handedOver) were skipped by the server, as publication \(settings.publication)"
                        + " did not exist when they were made: create it again and start once with snapshot: always; server:"
                        + " \(notice.message)")
            }
            log.warning(
                "\(notice.message)", metadata: ["severity": "\(notice.severity)", "sqlstate": "\(notice.sqlState)"])
        }
    }
}
