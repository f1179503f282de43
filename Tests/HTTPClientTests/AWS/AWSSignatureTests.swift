import Testing

@testable import HTTPClient

/// The examples of AWS's documentation, "Authenticating Requests: Using the Authorization Header".
@Suite("AWS signatures")
struct AWSSignatureTests {
    private let signature = AWSSignature(
        AWSCredentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1", service: "s3")
    /// 2013-05-24T00:00:00Z
    private let time = 1_369_353_600

    @Test("The documentation's examples have the documentation's signatures")
    func examples() throws {
        let object = try signature.sign(
            HTTPRequest(.get, "https://examplebucket.s3.amazonaws.com/test.txt", headers: ["Range": "bytes=0-9"]),
            at: time)
        #expect(object.headers["x-amz-date"] == "20130524T000000Z")
        #expect(
            object.headers["Authorization"]
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
        let put = try signature.sign(
            HTTPRequest(
                .put, "https://examplebucket.s3.amazonaws.com/test%24file.text",
                headers: ["Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"]),
            body: Array("Welcome to Amazon S3.".utf8), at: time)
        #expect(
            put.headers["Authorization"]?.hasSuffix(
                "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd") == true)
        for url in ["?lifecycle", "/?lifecycle", "/?lifecycle="] {
            let lifecycle = try signature.sign(
                HTTPRequest(.get, "https://examplebucket.s3.amazonaws.com\(url)"), at: time)
            #expect(
                lifecycle.headers["Authorization"]?.hasSuffix(
                    "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543") == true)
        }
        let list = try signature.sign(
            HTTPRequest(.get, "https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2"), at: time)
        #expect(
            list.headers["Authorization"]?.hasSuffix(
                "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7") == true)
    }

    @Test("A query is signed sorted by names, which may begin alike; a session token is signed too")
    func order() throws {
        var temporary = signature
        temporary.credentials.sessionToken = "token"
        let signed = try temporary.sign(HTTPRequest(.get, "http://h:9000/b?a-b=1&a=2"), at: time)
        let other = try temporary.sign(HTTPRequest(.get, "http://h:9000/b?a=2&a-b=1"), at: time)
        #expect(signed.headers["Authorization"] == other.headers["Authorization"])
        #expect(
            signed.headers["Authorization"]?.contains("host;x-amz-content-sha256;x-amz-date;x-amz-security-token")
                == true)
        #expect(throws: HTTPError.self) { try signature.sign(HTTPRequest(.get, "ftp://h/"), at: time) }
    }

    @Test("Credentials are not printed")
    func secrecy() {
        #expect(!"\(signature.credentials)".contains("wJalr"))
    }
}
