import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Where the credentials that sign requests come from. Any thread.
///
/// Given ones are used as they are. Otherwise the first of these that is there, as in AWS's own tools: the environment, a web
/// identity, the shared credentials file, the container's endpoint, the machine's role. Temporary ones are asked for anew five
/// minutes before they expire, by one caller at a time while others wait; every question has a time limit.
package final class AWSCredentialSource: Sendable {
    private struct State {
        var current: AWSCredentials?
    }

    private let given: AWSCredentials?
    private let environment: AWSEnvironment
    private let state = Mutex(State())
    /// Seconds before the end of temporary credentials.
    private static let margin = 300

    /// `given`: from the configuration; nil to look for them. `client`: for the security token service.
    package init(given: AWSCredentials?, environment: AWSEnvironment) {
        self.given = given
        self.environment = environment
    }

    /// Credentials for a request at `seconds` since the Unix epoch. May block for some seconds. Throws
    /// ``HTTPError/Code/credentials`` where there are none.
    package func credentials(at seconds: Int) throws(HTTPError) -> AWSCredentials {
        if let given { return given }
        return try state.withLock { state throws(HTTPError) in
            if let current = state.current, (current.expires ?? .max) - Self.margin > seconds { return current }
            do throws(HTTPError) {
                let found = try environment.credentials()
                state.current = found
                return found
            } catch {
                // They are good for a while yet.
                if let current = state.current, (current.expires ?? .max) > seconds { return current }
                throw error
            }
        }
    }

    /// Forgets credentials that a server refused, so that the next request looks for them again. False when that cannot help.
    package func forget(_ refused: AWSCredentials) -> Bool {
        guard given == nil else { return false }
        return state.withLock { state in
            if state.current == refused { state.current = nil }
            return true
        }
    }
}
