import Glibc

/// The program's main is libFuzzer's. The environment says what is fed: `BUZ_FUZZ_TARGET`. With `BUZ_FUZZ_SEEDS`, a folder, the
/// seeds of the target that are made by program are written there instead.
@_cdecl("LLVMFuzzerInitialize")
func initialize(_: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?) -> CInt {
    guard let folder = getenv("BUZ_FUZZ_SEEDS") else { return 0 }
    for (name, bytes) in Target.chosen.seeds {
        guard let file = fopen("\(String(cString: folder))/\(name)", "w") else { exit(1) }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
    exit(0)
}

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // A copy of its own, so that the address sanitizer sees the first byte beyond it.
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { copy.deallocate() }
    if let start { copy.copyMemory(from: UnsafeRawBufferPointer(start: start, count: count)) }
    Target.chosen.run(UnsafeRawBufferPointer(copy))
    return 0
}

/// What every target asserts. A broken promise ends the process, which is how libFuzzer learns of it.
func promise(_ holds: Bool, _ words: @autoclosure () -> String) {
    if holds { return }
    complain("broken promise: \(words())")
    abort()
}

func complain(_ line: String) {
    var line = line + "\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
