import Testing

@testable import BuzCDC

@Test("A request target is split into path and query, percent-decoded")
func requestTargetIsDecoded() throws {
    let request = try #require(
        OperationsRequest(method: .get, target: "/a%20b/c?sink=re%2Bplica&x=a+b&flag", authorization: nil))
    #expect(request.path == "/a b/c")
    #expect(request["sink"] == "re+plica")
    #expect(request["x"] == "a b")
    #expect(request["flag"] == "")
    #expect(request["other"] == nil)
}

@Test(
    "A malformed request target is refused",
    arguments: ["", "http://elsewhere/", "/%", "/%1", "/%zz", "/%ff", "/x?a=%f"])
func malformedTargetIsRefused(target: String) {
    #expect(OperationsRequest(method: .get, target: target, authorization: nil) == nil)
}

@Test(
    "Only the whole token is accepted, with the scheme in any case",
    arguments: [
        ("Bearer secret", true), ("bearer secret", true), ("Bearer secre", false), ("Bearer secrets", false),
        ("Bearer secretsecret", false), ("Bearer Secret", false), ("Basic secret", false), ("secret", false),
        ("", false),
        ("Bearer ", false),
    ])
func tokenIsCompared(header: String, accepted: Bool) {
    #expect(BearerToken("secret").accepts(header) == accepted)
}

@Test("An empty token accepts nothing, and a token is not printed")
func emptyToken() {
    #expect(!BearerToken("").accepts("Bearer "))
    #expect(!BearerToken("secret").accepts(nil))
    #expect(!"\(BearerToken("secret"))".contains("secret"))
}
