/// Foreign text as one line of printable characters.
package enum OneLine {
    package static func of(_ text: String, most: Int) -> String {
        var out = ""
        var count = 0
        var pendingSpace = false
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace || scalar.value < 0x20 || scalar.value == 0x7F {
                pendingSpace = !out.isEmpty
                continue
            }
            if count >= most { return out + "…" }
            if pendingSpace { out += " " }
            pendingSpace = false
            out.unicodeScalars.append(scalar)
            count += 1
        }
        return out
    }
}
