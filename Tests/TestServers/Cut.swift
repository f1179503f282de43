import Glibc

/// A way to a server that loses some of its answers: Tests/Servers/cut.py.
package final class Cut {
    package let port: Int
    private var asked = 0
    private let folder: TemporaryFolder
    private let process: ChildProcess

    package init(before server: Int) throws {
        folder = try TemporaryFolder("buzcut")
        port = try freePort()
        // Tests/TestServers/THIS: two steps up.
        var root = #filePath[...]
        for _ in 0..<2 { root = root[..<(root.lastIndex(of: "/") ?? root.startIndex)] }
        process = try ChildProcess(
            ["python3", "\(root)/Servers/cut.py", "\(port)", "\(server)", folder.path], folder: folder)
        usleep(200_000)
    }

    deinit { process.stop(9) }

    private var word: String { "\(folder.path)/word" }

    /// The answer to the next packet with a text in it never comes.
    package func loseAnswer(to text: String) throws {
        asked += 1
        try writeText(text, to: word + ".part")
        rename(word + ".part", word)
    }

    /// How many answers were asked to be lost, and were.
    package var lost: Int { asked - (access(word, F_OK) == 0 ? 1 : 0) }
}
