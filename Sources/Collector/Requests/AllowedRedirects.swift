/// Where a client may be sent on to. Without it every redirect would be an open one: a stranger's page under our name.
package struct AllowedRedirects: Sendable, Equatable {
    /// Hosts in lower case: `shop.example.com` is that host; `*.example.com` is every host below it.
    package let hosts: [String]

    package init(hosts: [String] = []) { self.hosts = hosts.map { $0.lowercased() } }

    /// Whether redirects are off.
    package var isEmpty: Bool { hosts.isEmpty }

    /// The URL, when it is one of `http` or `https` without user, space and control characters, whose host is allowed.
    package func location(_ url: UnsafeRawBufferPointer) -> String? {
        guard url.count <= 8192, url.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            return nil
        }
        let text = String(decoding: url, as: UTF8.self)
        let lower = text.lowercased()
        let start = lower.hasPrefix("https://") ? 8 : lower.hasPrefix("http://") ? 7 : 0
        guard start > 0 else { return nil }
        let authority = lower.dropFirst(start).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty,
            host.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." }),
            parts.count == 1 || (!parts[1].isEmpty && parts[1].allSatisfy(\.isNumber))
        else { return nil }
        return hosts.contains { allows($0, host) } ? text : nil
    }

    private func allows(_ allowed: String, _ host: Substring) -> Bool {
        guard allowed.hasPrefix("*.") else { return host == allowed }
        return host.hasSuffix(allowed.dropFirst()) && host.count >= allowed.count
    }
}
